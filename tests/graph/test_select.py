"""Tasks are chosen as `only` of run-now chooses them."""

from __future__ import annotations

import pytest

from nbkit.errors import DefinitionError
from nbkit.graph.select import select


@pytest.fixture
def graph(graph_of, task):
    """Return b and c after a, d after both, and e by itself."""
    return graph_of(task("a"), task("b", "a"), task("c", "a"), task("d", "b", "c"), task("e"))


@pytest.mark.parametrize(
    ("patterns", "keys"),
    [
        ([], ""),
        (["b"], "b"),
        (["d", "a"], "ad"),
        (["+b"], "ab"),
        (["b+"], "bd"),
        (["+b+"], "abd"),
        (["+d"], "abcd"),
        (["a+", "e"], "abcde"),
        ([" +c ", "c"], "ac"),
    ],
)
def test_patterns(graph, patterns, keys):
    """`+` before takes what a task waits for, `+` after what waits for it; in running order."""
    assert "".join(select(graph, patterns)) == keys


def test_unknown_names_are_all_said(graph):
    """Every pattern that names no task is a problem, with the names there are."""
    with pytest.raises(DefinitionError) as caught:
        select(graph, ["+x", "a", "y+"])
    assert [problem.message for problem in caught.value.problems] == [
        "the job has no task x; known: a, b, c, d, e",
        "the job has no task y; known: a, b, c, d, e",
    ]
