"""Places are written as people read them."""

from __future__ import annotations

import pytest

from nbkit.errors import DefinitionError, Problem
from nbkit.graph.findings import Finding, as_problems, new_beside, pointer, shown


@pytest.mark.parametrize(
    ("loc", "written"),
    [
        ((), ""),
        (("tasks", 2, "depends_on", 0, "task_key"), "tasks[2].depends_on[0].task_key"),
        (("tags", "my-tag"), "tags.my-tag"),
        (("tags", "a.b"), 'tags["a.b"]'),
        (("ä b",), '["ä b"]'),
    ],
)
def test_pointers(loc, written):
    """Dots for names, brackets for positions and for names with special characters."""
    assert pointer(loc) == written


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), ("x", '"x"'), ({}, "an object"), ([1], "a list"), (True, "true")],
)
def test_values_in_messages(value, text):
    """Values are named as JSON spells them, and long ones are cut."""
    assert shown(value) == text
    assert len(shown("x" * 1000)) < 70


def test_what_follows_from_a_known_fault_is_left_out():
    """A finding at or below a broken place is not news; one beside or above it is."""
    known = [Finding(("tasks", 0), "broken")]
    found = [Finding(("tasks", 0, "x"), ""), Finding(("tasks", 1), ""), Finding(("tasks",), "")]
    assert new_beside(found, known) == found[1:]


def test_problems_come_in_reading_order_and_once():
    """The job's own come first, then task by task; positions count as numbers."""
    found = [Finding(("tasks", 10), "x"), Finding(("tasks", 9), "x"), Finding(("zone",), "x")]
    assert [problem.pointer for problem in as_problems(found + found)] == [
        "zone",
        "tasks[9]",
        "tasks[10]",
    ]


def test_what_keeps_a_job_from_running_is_said_first():
    """Who reads one line only reads of an error."""
    found = (Problem("", "made", "note"), Problem("b", "odd", "warning"), Problem("a", "bad"))
    refused = DefinitionError(found, "job")
    assert str(refused).splitlines() == ["job:", "a: bad", "b: odd", "made"]
    assert refused.problems == found
