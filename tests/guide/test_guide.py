"""The guide's notebooks: tidy, each one runs as it stands, and shows what it was saved with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from guide.saved_outputs import FOLDER, NOTEBOOKS, USER, job, outputs_of, without_what_changes
from tidy_notebooks import check

PARTS = sorted((FOLDER / "parts").glob("*.ipynb"))


@pytest.mark.parametrize("path", [*NOTEBOOKS, *PARTS], ids=lambda path: path.stem)
def test_a_notebook_is_tidy(path):
    """It keeps to what every notebook here keeps to."""
    check(path, saved=path in NOTEBOOKS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_nothing_of_a_machine(path):
    """It was saved after a run from top to bottom, and names no folder of whoever did that."""
    found = outputs_of(path)
    assert [number for number, _ in found.values()] == list(range(1, len(found) + 1))
    text = "".join(json.dumps(outputs) for _, outputs in found.values())
    assert all(place not in text for place in (str(FOLDER.parents[1]), "/tmp/", "/home/", "/root/"))


@pytest.fixture(scope="module")
def ran(shared_project):
    """The project in which each notebook of the guide has run, all in one job."""
    shutil.copytree(FOLDER, shared_project.root, dirs_exist_ok=True)
    shared_project.write("guide.json", job())
    shared_project.start("run", "guide.json", **USER).end(timeout=280)
    return shared_project


@pytest.mark.e2e
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_was_saved(ran, path):
    """Every notebook of the guide succeeds; where an output is new, `make guide` saves it."""
    task = ran.record()["tasks"][path.stem]
    last = task["attempts"][-1]
    assert task["state"]["result_state"] == "SUCCESS", last.get("failure")
    now = outputs_of(Path(ran.root, last["output_notebook"]))
    for cell, (_, saved) in outputs_of(path).items():
        assert without_what_changes(now[cell][1]) == without_what_changes(saved), cell
