"""A notebook's own language is what its metadata says, unless another kernel runs it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbkit.own_language import in_python_notebook, language_of, other_cells, plain_lines

DATABRICKS = "application/vnd.databricks.v1+notebook"


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({}, "python"),
        ({DATABRICKS: {"language": "sql"}}, "sql"),
        ({DATABRICKS: {"language": "SQL"}, "kernelspec": {"name": "python3"}}, "sql"),
        ({DATABRICKS: {"language": "scala"}}, "scala"),
        ({DATABRICKS: {"language": "python"}, "language_info": {"name": "sql"}}, "python"),
        ({"language_info": {"name": "sql"}}, "sql"),
        ({"language_info": {"name": "sql"}, "kernelspec": {"name": "nbkit"}}, "sql"),
        ({"language_info": {"name": "R"}, "kernelspec": {"name": "ir"}}, "python"),
        ({"language_info": {"name": "R"}}, "r"),
        ({"language_info": {"name": "julia"}}, "python"),
        ({"language_info": "sql", "kernelspec": 7, DATABRICKS: [1]}, "python"),
        (None, "python"),
    ],
)
def test_the_language_of_a_notebook(metadata, language):
    """A kernel of another language runs its cells as they are."""
    assert language_of(metadata) == language


@pytest.mark.parametrize(
    ("cell", "seen"),
    [
        ("SELECT 1", "%sql\nSELECT 1"),
        ("-- orders\nSELECT 1", "%sql\n-- orders\nSELECT 1"),
        ("%python\nx = 1", "%python\nx = 1"),
        ("-- python\n\n%python\nx = 1", "-- python\n\n%python\nx = 1"),
        ("%md hi", "%md hi"),
        ("  \n", "  \n"),
        ("SELECT 1;\r\nSELECT 2", "%sql\nSELECT 1;\nSELECT 2"),
        ("SELECT 10 %\n 3", "%sql\nSELECT 10 %\n 3"),
    ],
)
def test_a_cell_without_a_magic_is_in_it(cell, seen):
    """All others say themselves what they are."""
    assert in_python_notebook(cell, "sql") == seen
    assert in_python_notebook(cell, "python") == plain_lines(cell)


@given(st.text("-# %sqlpython\nSELECT1;\r", max_size=40), st.sampled_from(["sql", "r", "python"]))
def test_doing_it_again_changes_nothing(cell, language):
    """So an output notebook runs as its source did."""
    once = in_python_notebook(cell, language)

    assert in_python_notebook(once, language) == once


def test_cells_that_nbkit_does_not_run():
    """With their numbers, whatever stands before their magic."""
    cells = [
        "%scala\nval x = 1",
        "x = 1",
        "# why\n%r\nx",
        "%run ./x",
        "%restart_python",
        "%%scala\n1",
    ]

    found = list(other_cells(enumerate(cells, 1)))

    assert found == [(1, "Scala"), (3, "R"), (6, "Scala")]
