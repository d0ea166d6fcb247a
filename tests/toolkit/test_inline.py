"""`%run` runs a notebook inside another one."""

from __future__ import annotations

import nbformat
import pytest

from nbkit.toolkit.dbutils import dbutils
from nbkit.toolkit.startup import bind

HEAD = "# Databricks notebook source\n"


@pytest.fixture
def notebook(shell, context, tmp_path):
    """A notebook of a job, in a folder with others."""
    bind(context)
    (tmp_path / "lib").mkdir()
    yield shell
    for name in ("a", "b", "seen", "plain"):
        shell.user_ns.pop(name, None)


def test_names_are_shared_both_ways(notebook, tmp_path):
    """A source notebook without suffix; its Markdown does not run."""
    (tmp_path / "other.py").write_text(HEAD + "# MAGIC %md\n# MAGIC x\n# COMMAND ----------\nb = a")
    result = notebook.run_cell("a = 5")
    result = notebook.run_cell("%run ./other")

    assert result.success
    assert notebook.user_ns["b"] == 5


def test_widgets_are_passed_for_as_long_as_it_runs(notebook, tmp_path):
    """`$name` is no variable of the notebook; the job's own parameters stay."""
    cell = nbformat.v4.new_code_cell(
        "dbutils.widgets.text('env', 'none'); dbutils.widgets.text('day', '')\n"
        "seen = dbutils.widgets.get('env'), dbutils.widgets.get('day')"
    )
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "lib" / "child.ipynb")
    notebook.run_cell("env = 'wrong'")
    result = notebook.run_cell('%run ./lib/child $env="my dev"')

    assert result.success
    assert notebook.user_ns["seen"] == ("my dev", "2013-01-01")
    assert dbutils.widgets.get("env") == "none"


def test_paths_are_relative_to_the_notebook_that_runs(notebook, tmp_path):
    """Two levels deep."""
    (tmp_path / "lib" / "one.py").write_text(HEAD + "# MAGIC %run ./two")
    (tmp_path / "lib" / "two.py").write_text(HEAD + "seen = 'two'")

    assert notebook.run_cell("%run lib/one").success
    assert notebook.user_ns["seen"] == "two"


def test_its_errors_are_the_cells(notebook, tmp_path):
    """What comes after the error does not run."""
    (tmp_path / "bad.py").write_text(HEAD + "1 / 0\n# COMMAND ----------\nseen = 1")
    result = notebook.run_cell("%run ./bad")

    assert isinstance(result.error_in_exec, ZeroDivisionError)
    assert "seen" not in notebook.user_ns


def test_scripts_go_to_ipython(notebook, tmp_path):
    """A `.py` that is no notebook runs as ever."""
    (tmp_path / "script.py").write_text("plain = __name__")

    assert notebook.run_cell("%run script.py").success
    assert notebook.user_ns["plain"] == "__main__"


def test_wrong_arguments_are_refused(notebook, tmp_path):
    """With the form that is expected."""
    (tmp_path / "other.py").write_text(HEAD + "b = 1")

    assert "$name" in str(notebook.run_cell("%run ./other env=1").error_in_exec)


def test_what_is_not_there_is_said_with_what_is(notebook, tmp_path):
    """Not as a missing file `….py`, which nobody asked for."""
    (tmp_path / "lib" / "setup.py").write_text(HEAD)
    error = notebook.run_cell("%run ./lib/setpu").error_in_exec

    assert isinstance(error, FileNotFoundError)
    assert f"there is no notebook setpu in {tmp_path / 'lib'}; nearest: setup" in str(error)


def test_a_circle_is_said_and_not_run(notebook, tmp_path):
    """Over another notebook, too; nothing of it runs twice."""
    (tmp_path / "me.py").write_text(HEAD + "# MAGIC %run ./one")
    (tmp_path / "one.py").write_text(HEAD + "seen = 1\n# COMMAND ----------\n# MAGIC %run ./two")
    (tmp_path / "two.py").write_text(HEAD + "# MAGIC %run ./lib/../one")
    error = notebook.run_cell("%run ./one").error_in_exec
    assert isinstance(error, RecursionError)
    assert str(error) == "%run goes round in a circle: one.py → two.py → one.py"
    (tmp_path / "two.py").write_text(HEAD + "# MAGIC %run ./me")
    notebook.run_cell("from nbkit import serving\nserving._current['notebook_path'] = 'me'")
    error = notebook.run_cell("%run ./one").error_in_exec
    assert str(error) == "%run goes round in a circle: me.py → one.py → two.py → me.py"
    assert notebook.run_cell("%run ./one").error_in_exec is not None, "and again"


def test_a_notebook_may_run_twice(notebook, tmp_path):
    """One after the other is no circle."""
    (tmp_path / "one.py").write_text(HEAD + "seen = 1")
    assert notebook.run_cell("%run ./one\n%run ./one").success
