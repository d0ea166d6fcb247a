"""The fixture `notebook`, used as people use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from nbkit.errors import UsageError
from nbkit.testing import NotebookFailedError

INGESTED = {"ingest": {"n": 3}}


@pytest.mark.e2e
def test_everything_is_made_up(notebook, folder, monkeypatch):
    """Parameters, task values, secrets and other notebooks are the test's; what it did is told."""
    monkeypatch.setenv("NBKIT_SECRET_MAIL_PASSWORD", "the person's own")
    asked = []

    def child(arguments):
        asked.append(arguments)
        return "done"

    r = notebook(
        folder / "plain.ipynb",
        {"month": 5},
        task_values=INGESTED,
        secrets={"mail": {"password": "made up"}},
        notebook_runs={"child": child},
    )
    assert r.succeeded
    assert r.printed.splitlines()[:2] == ["3 5 JFK", "5 [REDACTED]"]
    assert r.exit_value == r.task_values["answer"] == "done"
    assert asked == [{"day": "1"}]
    assert r.notebook_runs[0][:2] == ("./child", 60)
    assert r.displayed[-1] == {"text/plain": "42"}
    assert (r.step("load")["state"], r.step("load")["tries"]) == ("succeeded", 2)
    assert r.expectation("has an id")["failed"] == 1
    assert [one["dataset"] for one in r.expectations] == ["flights"]
    with pytest.raises(KeyError, match="nearest: load"):
        r.step("laod")
    (first,) = [cell for cell in r.output.cells if cell.source == "month = 1"]
    assert first.execution_count == 1
    assert not any("in_kernel" in cell.source for cell in r.output.cells)
    assert "made up" not in r.path.read_text()
    assert not (folder / ".nbkit").exists()


@pytest.mark.e2e
def test_a_failure_is_the_authors(notebook, folder):
    """A notebook that fails fails the test with its own traceback, unless that is expected."""
    with pytest.raises(NotebookFailedError, match=r"(?s)bad\.ipynb failed:.*Cell In\[2\], line 2"):
        notebook(folder / "bad.ipynb")
    for expected in (True, "KeyError", KeyError, LookupError, Exception):
        assert notebook(folder / "bad.ipynb", raises=expected).error.error == "KeyError"
    with pytest.raises(NotebookFailedError, match="KeyError"):
        notebook(folder / "bad.ipynb", raises=ValueError)
    failed = notebook(folder / "bad.ipynb", check=False)
    assert failed.output.cells[failed.error.cell].source.endswith("read()")
    with pytest.raises(NotebookFailedError, match="should have failed with KeyError"):
        notebook(
            folder / "plain.ipynb",
            {"month": 1},
            task_values=INGESTED,
            secrets={"mail": {"password": "x"}},
            notebook_runs={"child": ""},
            raises=KeyError,
        )


@pytest.mark.e2e
def test_only_the_answers_given(notebook, folder):
    """A notebook, a secret or a file that the test does not name is not there."""
    r = notebook(folder / "asks.ipynb", notebook_runs={"othr": "x"}, raises=True)
    assert "nearest: othr" in r.error.message
    r = notebook(folder / "asks.ipynb", notebook_runs={"other": ValueError("full")}, raises=True)
    assert (r.error.error, "ValueError: full" in r.error.message) == ("NotebookRunError", True)
    r = notebook(folder / "plain.ipynb", {"month": 1}, task_values=INGESTED, raises=True)
    assert "Secret does not exist" in r.error.message
    with pytest.raises(UsageError, match=r"no notebook nowhere\.ipynb"):
        notebook("nowhere.ipynb")


@pytest.mark.e2e
def test_a_source_notebook_with_a_limit(notebook, folder):
    """A Databricks source notebook is a notebook too; `timeout` ends a cell that takes longer."""
    assert notebook(folder / "source", {"seconds": 0}).exit_value == "slept"
    r = notebook(folder / "source.py", {"seconds": 600}, timeout=1, check=False)
    assert r.error.cause == "cell_timeout"
    with pytest.raises(NotebookFailedError, match="longer than its limit of 1 s"):
        notebook(folder / "source.py", {"seconds": 600}, timeout=1)


@pytest.mark.e2e
def test_in_a_project_of_its_own(project):
    """The plugin finds notebooks above the test's folder; without Spark no driver starts."""
    project.notebook("double", "dbutils.notebook.exit(2 * n)", parameters="n = 1")
    tests = project.root / "tests"
    tests.mkdir()
    (tests / "test_double.py").write_text(
        "def test_double(notebook):\n"
        "    assert notebook('double.ipynb', {'n': 4}).exit_value == '8'\n"
        "def test_wrong(notebook):\n"
        "    notebook('double.ipynb', {'n': 'four'})\n"
    )
    said = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(project.root)],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed, 1 passed" in said.stdout
    assert "Parameter 'n' is declared as int, but 'four' is not one" in said.stdout
    assert "runner.py" not in said.stdout
    assert not (project.root / ".nbkit").exists()


def test_the_plugin_costs_nothing():
    """Every project's pytest loads it: it imports nothing but nbkit's name and pytest."""
    code = (
        "import json, sys, pytest; before = set(sys.modules); import nbkit.testing.plugin;"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    said = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert json.loads(said.stdout) == ["nbkit", "nbkit.testing", "nbkit.testing.plugin"]


def test_public_names():
    """What `nbkit.testing` promises is there."""
    from nbkit import testing

    for name in testing._PUBLIC:
        assert getattr(testing, name)
    with pytest.raises(AttributeError, match="has no attribute"):
        testing.Nothing  # noqa: B018
