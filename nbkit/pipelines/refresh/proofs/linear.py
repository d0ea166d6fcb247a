"""Queries that make their rows one by one: what is new in a source makes new rows, and no others.

Of such a query over `a` and `b` that grew by `a'` and `b'`, the new rows are those of the same
query over `a'` and `b'` alone, with what it unites them with left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbkit.pipelines.refresh.plan import Refusal
from nbkit.pipelines.refresh.proofs.images import join_kind
from nbkit.pipelines.refresh.proofs.query import (
    OVER_ONE,
    NotProvedError,
    Reading,
    at_any_depth,
    operator,
    subquery,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbkit.pipelines.refresh.planning_codes import Code
    from nbkit.pipelines.refresh.proofs.query import Query
    from nbkit.pipelines.resolve.plan_tree import Node


@dataclass(slots=True)
class Linear:
    """What of a query is replaced to make its new rows.

    Attributes:
        leaves: numbers of operators in the plan that read what has grown, with its name: they
            read what is new in it.
        left_out: numbers of operators whose rows were there before.
    """

    leaves: dict[int, str] = field(default_factory=dict)
    left_out: list[int] = field(default_factory=list)


def linear(query: Query, changed: Iterable[str]) -> Linear | Refusal:
    """Return how new rows of some inputs make the new rows of a query, or why they do not."""
    return linear_below(query, query.plan, changed)


@at_any_depth
def linear_below(query: Query, node: Node, changed: Iterable[str]) -> Linear | Refusal:
    """Return the same of a part of a query: an operator of its plan."""
    reading = Reading(query, frozenset(changed))
    found = Linear()
    try:
        _walk(reading, node, found)
    except NotProvedError as error:
        return error.refusal
    if set(found.leaves.values()) != reading.changed:
        return Refusal("nobody knows where it reads what has changed")
    return found


def _walk(reading: Reading, node: Node, found: Linear) -> None:
    name = reading.query.name(node)
    if name is not None:
        reading.leaf(node)
        found.leaves[reading.number(node)] = name
        return
    if reading.changes_inside(node):
        raise NotProvedError(subquery())
    if node.kind in {*OVER_ONE, "Project", "Filter", "Generate"}:
        _walk(reading, node.children[0], found)
    elif node.kind == "Union":
        for child in node.children:
            if reading.changes(child):
                _walk(reading, child, found)
            else:
                found.left_out.append(reading.number(child))
    elif node.kind == "Join":
        _walk(reading, node.children[_changing_side(reading, node)], found)
    elif node.kind == "WithCTE":
        _walk(reading, node.child("plan"), found)
    elif node.kind == "CTERelationRef":
        _walk(reading, reading.definition(node).children[0], found)
    else:
        raise NotProvedError(_not_one_by_one(node))


_SIDES = {
    "Inner": (0, 1),
    "Cross": (0, 1),
    "LeftOuter": (0,),
    "LeftSemi": (0,),
    "LeftAnti": (0,),
    "RightOuter": (1,),
}
"""Of a join: the sides of which each row makes rows by itself, whatever else is on that side."""


def _changing_side(reading: Reading, node: Node) -> int:
    changing = [at for at, child in enumerate(node.children) if reading.changes(child)]
    if len(changing) != 1:
        raise NotProvedError(Refusal("it joins what has changed with what has changed", _CODE))
    if changing[0] not in _SIDES.get(join_kind(node), ()):
        raise NotProvedError(
            Refusal("rows of its outer join hang on there being none on the side that grew", _CODE)
        )
    return changing[0]


_CODE: Code = "OPERATOR_NOT_INCREMENTALIZABLE"


def _not_one_by_one(node: Node) -> Refusal:
    if node.kind == "Aggregate":
        return Refusal("it groups rows, so that new ones change others", "AGGREGATE_NOT_TOP_NODE")
    if node.kind == "Window":
        return Refusal("it has windows, so that new rows change others", _CODE)
    if node.kind in {"Distinct", "Deduplicate"}:
        return Refusal("it keeps each row once, so that new ones may be there already", _CODE)
    return operator(node)
