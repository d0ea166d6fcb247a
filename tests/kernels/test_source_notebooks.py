"""A source notebook is read as a notebook, or says why not."""

from __future__ import annotations

import pytest

from nbkit.kernels.kernelspecs import find_kernelspec_problem, read_notebook
from nbkit.kernels.outcome import NotebookFailed

SOURCE = """# Databricks notebook source
# DBTITLE 1,First
x = 1

# COMMAND ----------

# MAGIC %md text
"""


def test_cells_and_titles_become_a_notebook(tmp_path):
    """A title is Markdown above its cell."""
    path = tmp_path / "a.py"
    path.write_text(SOURCE)

    found = read_notebook(path)

    assert [(cell.cell_type, cell.source) for cell in found.cells] == [
        ("markdown", "#### First"),
        ("code", "x = 1"),
        ("markdown", "text"),
    ]
    assert find_kernelspec_problem(path) is None


@pytest.mark.parametrize(
    ("name", "text", "cause", "message"),
    [
        ("a.py", "x = 1", "notebook_unreadable", "'# Databricks notebook source'; a script"),
        ("a.sql", "select 1", "notebook_unreadable", "first line is not '-- Databricks"),
        ("a.R", "# Databricks notebook source\nx", "unsupported", "is an R notebook"),
        ("a.scala", "// Databricks notebook source\nx", "unsupported", "is a Scala notebook"),
    ],
)
def test_what_cannot_run_says_why(tmp_path, name, text, cause, message):
    """Before the run, as a problem of the job; and at run time."""
    (tmp_path / name).write_text(text)

    with pytest.raises(NotebookFailed, match=message) as caught:
        read_notebook(tmp_path / name)

    assert caught.value.failure.cause == cause
    assert find_kernelspec_problem(tmp_path / name) == str(caught.value)
