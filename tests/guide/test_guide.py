"""The guide's notebooks: tidy, and each one runs as it stands."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tidy_notebooks import check

FOLDER = Path(__file__).parents[2] / "notebooks" / "guide"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_tidy(path):
    """It keeps to what every notebook here keeps to."""
    check(path)


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
