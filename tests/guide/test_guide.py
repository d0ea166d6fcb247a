"""The guide's notebooks: tidy, and each one runs as it stands."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[2] / "notebooks" / "guide"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_tidy(path):
    """Notebooks have no outputs, run in nbkit's kernel, say what they are about, fit the screen."""
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert text == nbformat.writes(notebook) + "\n", "written as nbformat writes it"
    assert notebook.metadata.kernelspec.name == "nbkit"
    assert notebook.cells[0].source.startswith("# ")
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert all(len(line) <= 100 for cell in notebook.cells for line in cell.source.splitlines())


@pytest.fixture(scope="module")
def results(shared_project):
    """How each notebook of the guide ended, all run in one job."""
    shutil.copytree(FOLDER, shared_project.root, dirs_exist_ok=True)
    tasks = [shared_project.notebook_task(path.stem, path.name) for path in NOTEBOOKS]
    shared_project.job(*tasks, name="guide")
    shared_project.start("run", "guide.json").end(timeout=280)
    return shared_project.record()["tasks"]


@pytest.mark.e2e
@pytest.mark.parametrize("name", [path.stem for path in NOTEBOOKS])
def test_a_notebook_runs(results, name):
    """Every notebook of the guide succeeds."""
    attempt = results[name]["attempts"][-1]
    assert results[name]["state"]["result_state"] == "SUCCESS", attempt.get("failure")
