"""Databricks source notebooks fall into the cells that an export as `.ipynb` would have."""

from __future__ import annotations

import pytest

from nbkit.source_notebook import Cell, cells, header, is_source_notebook

PYTHON = """# Databricks notebook source
# MAGIC %md
# MAGIC # Title
# MAGIC
# MAGIC Some *text*

# COMMAND ----------

# DBTITLE 1,Load it
dbutils.widgets.text("day", "monday")
rows = 1  # MAGIC is only one at the start of a cell

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT *
# MAGIC   FROM t -- all

# COMMAND ----------

# MAGIC %run ./other $x="1"

# COMMAND ----------



# COMMAND ----------

# MAGIC %python
# MAGIC print("a")
"""

SQL = """-- Databricks notebook source
SELECT 1;
SELECT 2

-- COMMAND ----------

-- MAGIC %python
-- MAGIC x = 1

-- COMMAND ----------

-- DBTITLE 0,Hidden
-- MAGIC %md-sandbox hello
"""


def test_a_python_notebook():
    """Magics stay on top of their cell; Markdown and Python need none; empty cells go."""
    assert cells(PYTHON, ".py") == [
        Cell("markdown", "# Title\n\nSome *text*"),
        Cell(
            "code",
            'dbutils.widgets.text("day", "monday")\n'
            "rows = 1  # MAGIC is only one at the start of a cell",
            "Load it",
        ),
        Cell("code", "%sql\nSELECT *\n  FROM t -- all"),
        Cell("code", '%run ./other $x="1"'),
        Cell("code", 'print("a")'),
    ]


def test_a_sql_notebook():
    """What is not marked is SQL."""
    assert cells(SQL, ".SQL") == [
        Cell("code", "%sql\nSELECT 1;\nSELECT 2"),
        Cell("code", "x = 1"),
        Cell("markdown", "hello", "Hidden"),
    ]


@pytest.mark.parametrize(("suffix", "code"), [(".r", "%r\nx"), (".scala", "%scala\nx")])
def test_other_languages_are_marked(suffix, code):
    """So that running them says what is wrong."""
    assert cells(f"{header(suffix)}\nx\n", suffix) == [Cell("code", code)]


def test_windows_line_ends_and_byte_order_marks_mean_nothing():
    """Files come from all kinds of editors."""
    text = "\ufeff" + PYTHON.replace("\n", "\r\n")

    assert is_source_notebook(text, ".py")
    assert cells(text, ".py") == cells(PYTHON, ".py")


@pytest.mark.parametrize(
    ("text", "suffix"),
    [("print(1)", ".py"), ("", ".py"), (SQL, ".py"), (PYTHON, ".txt"), ("\n" + PYTHON, ".py")],
)
def test_modules_and_scripts_are_no_notebooks(text, suffix):
    """The first line decides, as on Databricks."""
    assert not is_source_notebook(text, suffix)


@pytest.mark.parametrize("suffix", [".py", ".sql"])
def test_only_the_line_itself_ends_a_cell(suffix):
    """Not one of fewer or more hyphens, as texts and comments may have."""
    mark = {".py": "#", ".sql": "--"}[suffix]
    lines = [header(suffix), "a", f"{mark} COMMAND --------", f"{mark} COMMAND ------------", "b"]
    lines += [f"{mark} COMMAND ----------", "c"]

    for end in ("\n", "\r\n", "\r"):
        found = cells(end.join(lines), suffix)
        assert [cell.source.split("\n")[-1] for cell in found] == ["b", "c"]


def test_comments_may_stand_before_the_mark_of_a_magic():
    """As people write them above a cell of SQL."""
    text = f"{header('.py')}\n# orders\n# MAGIC %sql\n# MAGIC SELECT 1"

    assert [cell.source for cell in cells(text, ".py")] == ["# orders\n%sql\nSELECT 1"]
