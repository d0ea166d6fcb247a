"""The example's files, as people copy them: tidy, and free of nbkit."""

from __future__ import annotations

from pathlib import Path

import pytest
from tidy_notebooks import check

from nbkit.graph.load import parse_job

FOLDER = Path(__file__).parents[2] / "notebooks" / "flights"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def test_the_job_is_valid_without_warnings():
    """The run graph passes the strictest check."""
    parsed = parse_job((FOLDER / "job.json").read_text(encoding="utf-8"), strict=True)
    assert parsed.warnings == ()


def test_every_notebook_has_a_task():
    """No notebook lies about unused, and none is missing."""
    parsed = parse_job((FOLDER / "job.json").read_text(encoding="utf-8"))
    tasks = [*parsed.job.tasks, parsed.graph.task("ingest").for_each_task.task]
    used = {task.notebook_task.notebook_path for task in tasks if task.kind == "notebook_task"}
    assert used == {path.name for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_tidy(path):
    """It keeps to what every notebook here keeps to, and needs nothing of nbkit."""
    assert all("nbkit" not in cell.source for cell in check(path)), "it runs on Databricks too"
