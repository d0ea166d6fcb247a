"""A query as proofs look at it: its plan, what its leaves are, and which of them have changed."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from nbkit.pipelines.refresh.plan import Refusal
from nbkit.pipelines.refresh.tracking import OF_FEEDS
from nbkit.pipelines.resolve.plan_tree import tree
from nbkit.pipelines.resolve.stand_ins import stands_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from nbkit.pipelines.resolve.plan_tree import Node

P = ParamSpec("P")
T = TypeVar("T")

OVER_ONE = frozenset(
    {
        "SubqueryAlias",
        "View",
        "ResolvedHint",
        "Repartition",
        "RepartitionByExpression",
        "RebalancePartitions",
        "Sort",
    }
)
"""Operators that have the rows and columns of their only child; a table keeps no order."""

_EXACT = frozenset(
    {
        "boolean",
        "byte",
        "short",
        "integer",
        "long",
        "string",
        "binary",
        "date",
        "timestamp",
        "timestamp_ntz",
    }
)


class NotProvedError(Exception):
    """A proof comes to an operator that it has no rule for.

    Attributes:
        refusal: why, for people and for planning information.
    """

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.why)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Query:
    """The query of a view.

    Attributes:
        plan: resolved.
        names: what its leaves are, as the inputs of a refresh are called, by the id of their
            first column; stand-ins tell it themselves.
        columns: names and types (as Spark writes them in JSON) of its rows.
    """

    plan: Node
    names: Mapping[int, str] = field(default_factory=dict)
    columns: tuple[tuple[str, Any], ...] = ()

    def name(self, node: Node) -> str | None:
        """Return which input a node of the plan reads; None for any other node."""
        stand_in = stands_for(node)
        if stand_in is not None:
            return stand_in
        # references to common table expressions have the very columns of what they stand for
        read = node.expressions("output") if node.kind == "LogicalRelation" else ()
        return self.names.get(read[0].id) if read else None


def at_any_depth(prove: Callable[P, T | Refusal]) -> Callable[P, T | Refusal]:
    """Let a proof that goes down a plan refuse one that is too deep to do so."""

    @functools.wraps(prove)
    def careful(*given: P.args, **named: P.kwargs) -> T | Refusal:
        try:
            return prove(*given, **named)
        except RecursionError:
            why = "its query has too many operations, one upon the other"
            remedy = "divide it into several views"
            return Refusal(why, "OPERATOR_NOT_INCREMENTALIZABLE", remedy)

    return careful


class Reading:
    """Where the changed inputs of a query are in its plan.

    Args:
        query: the query.
        changed: names of the inputs whose rows are others by now.
    """

    def __init__(self, query: Query, changed: frozenset[str]) -> None:
        self.query = query
        self.changed = changed
        self.numbers = {id(node): at for at, node in enumerate(preorder(query.plan))}
        self.definitions = {
            int(node.fields["id"]): node
            for node in preorder(query.plan)
            if node.kind == "CTERelationDef"
        }
        self._known: dict[int, bool] = {}
        self._inside: dict[int, tuple[Node, ...]] = {}
        self._kept: list[Node] = []

    def number(self, node: Node) -> int:
        """Return the place of an operator, counted from the root down; -1 for one in a subquery."""
        return self.numbers.get(id(node), -1)

    def definition(self, reference: Node) -> Node:
        """Return what a reference to a common table expression stands for."""
        found = self.definitions.get(int(reference.fields["cteId"]))
        if found is None:
            raise NotProvedError(operator(reference))
        return found

    def changes(self, node: Node) -> bool:
        """Say whether an operator's rows hang on a changed input, also by a subquery."""
        known = self._known.get(id(node))
        if known is None:
            self._known[id(node)] = True  # a recursive query reaches itself
            known = self._known[id(node)] = self._changes(node)
        return known

    def _changes(self, node: Node) -> bool:
        name = self.query.name(node)
        if name is not None:
            return name in self.changed
        if node.kind == "CTERelationRef":
            return self.changes(self.definition(node))
        return self.changes_inside(node) or any(map(self.changes, node.children))

    def changes_inside(self, node: Node) -> bool:
        """Say whether an operator has a subquery over a changed input in its expressions."""
        return any(map(self.changes, self._plans_of(node)))

    def plans_in(self, expression: Node) -> tuple[Node, ...]:
        """Return the subqueries in an expression, which may be anywhere in it."""
        self._kept.append(expression)
        return tuple(plan for each in preorder(expression) for plan in self._plans_of(each))

    def _plans_of(self, node: Node) -> tuple[Node, ...]:
        if id(node) not in self._inside:  # kept, since plans are known by which they are
            self._inside[id(node)] = tuple(subqueries(node))
        return self._inside[id(node)]

    def leaf(self, node: Node) -> tuple[Node, ...]:
        """Return the columns of a leaf.

        Raises:
            NotProvedError: it shows where rows lie, which OPTIMIZE changes, or calls a column as
                Delta calls what it tells of a change.
        """
        columns = read_columns(node)
        taken = next((each.name for each in columns if each.name.lower() in OF_FEEDS), None)
        if taken is not None:
            why = f"what it reads has a column {taken}, as Delta calls one of every change"
            raise NotProvedError(Refusal(why, "CHANGE_DATA_FEED_NOT_ENABLED", f"rename {taken}"))
        if any(each.name.startswith("_metadata") for each in columns):
            raise NotProvedError(
                Refusal(
                    "it reads _metadata, which says where rows lie and not what they are",
                    "EXPRESSION_NOT_DETERMINISTIC",
                    "leave _metadata out",
                )
            )
        return columns


def preorder(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, as Spark counts them."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        waiting.extend(reversed(each.children))


def read_columns(node: Node) -> tuple[Node, ...]:
    """Return the columns of a leaf, or of what stands for one."""
    while node.children:
        node = node.children[0]
    return node.expressions("output")


def subqueries(node: Node) -> Iterator[Node]:
    """Yield the plans in the expressions of an operator."""
    for value in node.fields.values():
        yield from _plans(value)


def _plans(value: Any) -> Iterator[Node]:
    if isinstance(value, list) and _is_tree(value) and _is_plan(value):
        yield tree(value)
    elif isinstance(value, list):
        for part in value:
            yield from _plans(part)
    elif isinstance(value, dict) and "num-children" in value:
        for part in value.values():
            yield from _plans(part)


def _is_tree(value: Any) -> bool:
    return bool(value) and isinstance(value, list) and _is_node(value[0])


def _is_node(value: Any) -> bool:
    return isinstance(value, dict) and "num-children" in value


def _is_plan(listed: list[dict[str, Any]]) -> bool:
    return ".plans.logical." in listed[0]["class"] or ".datasources." in listed[0]["class"]


def attributes(expression: Node) -> Iterator[Node]:
    """Yield the columns in an expression."""
    return (each for each in preorder(expression) if each.kind == "AttributeReference")


def is_exact(kind: Any) -> bool:
    """Say whether equal values of a type are the same in every way.

    Zeros of both signs are equal and are not the same; so it is with text under a collation, of
    which a query is asked as a whole.
    """
    if isinstance(kind, dict):
        fields = kind.get("fields", [])
        return kind.get("type") == "struct" and all(is_exact(each["type"]) for each in fields)
    return kind in _EXACT or str(kind).startswith("decimal")


_IN_WORDS = {
    "GlobalLimit": "a LIMIT",
    "LocalLimit": "a LIMIT",
    "Offset": "an OFFSET",
    "Tail": "a LIMIT",
    "Sample": "a sample",
    "Expand": "ROLLUP, CUBE or GROUPING SETS",
    "LateralJoin": "a LATERAL join",
    "UnionLoop": "a recursive query",
    "Pivot": "a PIVOT",
}


def operator(node: Node) -> Refusal:
    """Return that there is no rule for an operator."""
    what = _IN_WORDS.get(node.kind, f"the operator {node.kind}")
    return Refusal(
        f"it has {what} over what has changed",
        "OPERATOR_NOT_INCREMENTALIZABLE",
        f"take {what} in another view that reads this one",
    )


def subquery() -> Refusal:
    """Return that there is no rule for a subquery over what has changed."""
    return Refusal(
        "it has a subquery in an expression over what has changed",
        "SUBQUERY_EXPRESSION_NOT_INCREMENTALIZABLE",
        "write the subquery as a join",
    )
