"""`nbkit init`: a project that runs as it stands."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import nbformat
import pytest

import nbkit
from nbkit.app.new_project import write_project
from nbkit.errors import UsageError

FILES = {
    ".gitignore",
    "README.md",
    "job.json",
    "nbkit.toml",
    "notebooks/bronze.ipynb",
    "notebooks/gold.ipynb",
    "notebooks/silver.ipynb",
    "tests/test_notebooks.py",
}


def test_what_is_written(tmp_path):
    """All files are there, the job is valid, the notebooks are tidy, the name is filled in."""
    folder = tmp_path / 'a "shop"'
    assert {str(path) for path in write_project(folder)} == FILES
    assert {str(path.relative_to(folder)) for path in folder.rglob("*.*")} == FILES
    assert nbkit.validate(folder / "job.json", strict=True) == ()
    assert json.loads((folder / "job.json").read_text())["name"] == 'a "shop"'
    assert (folder / "README.md").read_text().startswith('# a "shop"\n')
    for path in (folder / "notebooks").iterdir():
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        assert notebook.metadata.kernelspec.name == "nbkit"
        assert "nbkit" not in "".join(cell.source for cell in notebook.cells)


def test_nothing_is_overwritten(tmp_path):
    """One file that is there already keeps all from being written; others do not matter."""
    (tmp_path / "notes.txt").touch()
    (tmp_path / "job.json").write_text("mine")
    with pytest.raises(UsageError, match=r"has job\.json already; nothing was written"):
        write_project(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"notes.txt", "job.json"}
    assert (tmp_path / "job.json").read_text() == "mine"
    (tmp_path / "job.json").unlink()
    write_project(tmp_path)
    assert (tmp_path / "notes.txt").exists()


def test_where_nothing_can_be_written(tmp_path):
    """A file in the place of the folder is one clear message."""
    (tmp_path / "shop").touch()
    with pytest.raises(UsageError, match="cannot be written"):
        write_project(tmp_path / "shop")


@pytest.mark.e2e
@pytest.mark.timeout(600)  # two cold drivers, one after the other
def test_it_runs_and_passes_its_tests(project):
    """As written, the project's job succeeds and its tests pass; the command says how."""
    said = project.nbkit("init", "shop")
    assert said.status == 0
    steps = said.err.partition("next:")[2].split("\n")
    assert [step.strip() for step in steps[1:4]] == [
        "cd shop",
        "nbkit run job.json",
        "nbkit review",
    ]
    assert project.nbkit("init", "shop").status == 2
    shop = project.root = project.root / "shop"
    run = project.start("run", "job.json", "--json").end(timeout=200)
    assert run.status == 0, run.err
    assert {task["task_key"]: task["task_values"] for task in run.json["tasks"]} == {
        "bronze": {"orders": 100},
        "silver": {"rejected": 10},
        "gold": {},
    }
    before = sorted(str(path) for path in (shop / ".nbkit" / "warehouse").rglob("*"))
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=shop,
        env={**os.environ, "NBKIT_SPARK_MEMORY": "1g"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "3 passed" in tested.stdout, tested.stdout + tested.stderr
    after = sorted(str(path) for path in (shop / ".nbkit" / "warehouse").rglob("*"))
    assert before == after, "the tests have a warehouse of their own"
