"""The fixture `notebook`, used as people use it."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys

import pandas as pd
import pytest

from nbkit.errors import UsageError
from nbkit.testing import NotebookFailedError

FLIGHTS = [
    {"id": 1, "delay": 5, "at": dt.datetime(2013, 1, 1, 5)},  # noqa: DTZ001
    {"id": 2, "delay": None, "at": None},
]
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
        secrets={("mail", "password"): "made up"},
        notebook_runs={"child": child},
    )
    assert r.succeeded
    assert r.printed.splitlines()[:2] == ["3 5 JFK", "5 [REDACTED]"]
    assert r.exit_value == r.task_values["answer"] == "done"
    assert asked == [{"day": "1"}]
    assert r.notebook_runs[0][:2] == ("./child", 60)
    assert r.displayed[-1] == {"text/plain": "42"}
    assert (r.step("load")["state"], r.step("load")["tries"]) == ("succeeded", 2)
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
            secrets={("mail", "password"): "x"},
            notebook_runs={"child": ""},
            raises=KeyError,
        )


@pytest.mark.e2e
def test_only_the_answers_given(notebook, folder):
    """A notebook, a secret or a file that the test does not name is not there."""
    r = notebook(folder / "asks.ipynb", notebook_runs={"othr": "x"}, raises=True)
    assert "nearest: othr" in r.error.message
    r = notebook(folder / "asks.ipynb", notebook_runs={"other": ValueError("full")}, raises=True)
    assert "ValueError: full" in r.error.message
    r = notebook(folder / "plain.ipynb", {"month": 1}, task_values=INGESTED, raises=True)
    assert "Secret does not exist" in r.error.message
    with pytest.raises(UsageError, match=r"no notebook nowhere\.ipynb"):
        notebook("nowhere.ipynb")


@pytest.mark.e2e
def test_tables(notebook, folder):
    """Tables are put before the notebook runs, and read as pandas when they are looked at."""
    r = notebook(folder / "clean.ipynb", tables={"bronze.flights": FLIGHTS})
    assert r.tables["silver.flights"]["id"].tolist() == [1]
    assert r.tables["bronze.flights"]["at"][0] == pd.Timestamp("2013-01-01 05:00")
    assert set(r.tables) == {"bronze.flights", "silver.flights"}
    assert r.task_values == {"dropped": 1}
    assert "2013-01-01 05:00:00" in r.displayed[0]["text/plain"]
    with pytest.raises(KeyError, match=r"nearest: silver\.flights"):
        r.tables["silver.flihgts"]
    given = pd.DataFrame({"id": [7], "delay": [1]})
    r = notebook(
        folder / "clean.ipynb",
        tables={"bronze.flights": given, "main.bronze.empty": ([], "id INT, name STRING")},
    )
    assert r.tables["silver.flights"]["id"].tolist() == [7]
    assert r.tables["main.bronze.empty"].columns.tolist() == ["id", "name"]
    for wrong, message in ((5, "given as int"), ([{"x": None}], "needs a type"), ([], "schema")):
        with pytest.raises(UsageError, match=message):
            notebook(folder / "clean.ipynb", tables={"bronze.flights": wrong})


@pytest.mark.e2e
def test_nothing_is_left_of_the_last_test(notebook, folder):
    """Every test begins with an empty warehouse and DBFS."""
    r = notebook(folder / "look.ipynb")
    assert r.printed == "['default'] []\n"


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
