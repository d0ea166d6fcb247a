"""Spark's plans as trees in Python: one call brings a whole plan over, as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame


@dataclass(frozen=True, slots=True)
class Node:
    """An operator of a plan, or a part of an expression.

    Attributes:
        kind: its class, such as `Project`.
        fields: everything else that Spark tells.
        children: in order.
    """

    kind: str
    fields: dict[str, Any]
    children: tuple[Node, ...]

    def child(self, name: str) -> Node:
        """Return the child that a field names."""
        return self.children[int(self.fields[name])]

    def expressions(self, name: str) -> tuple[Node, ...]:
        """Return the expressions of a field; none if it is empty, or is none of expressions."""
        return tuple(_trees(self.fields.get(name)))

    @property
    def id(self) -> int:
        """What Spark knows a column by, here and wherever it is read; -1 for no column."""
        found = self.fields.get("exprId")
        return int(found["id"]) if isinstance(found, dict) else -1

    @property
    def name(self) -> str:
        """Name of a column, or of an alias."""
        return str(self.fields.get("name", ""))


def analysed(frame: DataFrame) -> Node:
    """Return a query's resolved plan."""
    plan = frame._jdf.queryExecution().analyzed()  # noqa: SLF001 - PySpark has no other way
    return tree(json.loads(plan.toJSON()))


def tree(listed: list[dict[str, Any]]) -> Node:
    """Return the tree of a list in which each node stands before its children, however deep."""
    made: list[Node] = []
    for each in reversed(listed):
        fields = dict(each)
        kind = str(fields.pop("class")).rpartition(".")[2]
        count = int(fields.pop("num-children"))
        made.append(Node(kind, fields, tuple(made.pop() for _ in range(count))))
    return made[-1]


def _trees(value: Any) -> Iterator[Node]:
    if not isinstance(value, list) or not value:
        return
    if isinstance(value[0], dict):
        if "num-children" in value[0]:
            yield tree(value)
        return
    for part in value:
        yield from _trees(part)
