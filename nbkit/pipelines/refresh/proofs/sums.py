"""Groups whose figures are sums of what each row adds: of a change, these figures are added.

The query itself, over rows that came and over rows that went, gives what a change adds to a group
and takes from it. That holds for `count` and for sums that are exact; for the greatest and least
while nothing goes. A group is gone when nothing is left in it, which a `count(*)` tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nbkit.pipelines.refresh.plan import Refusal
from nbkit.pipelines.refresh.proofs.expression_images import NOT_OF_ONE_ROW
from nbkit.pipelines.refresh.proofs.linear import linear_below
from nbkit.pipelines.refresh.proofs.query import (
    OVER_ONE,
    NotProvedError,
    Reading,
    at_any_depth,
    is_exact,
    preorder,
    subquery,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbkit.pipelines.refresh.proofs.linear import Linear
    from nbkit.pipelines.refresh.proofs.query import Query
    from nbkit.pipelines.resolve.plan_tree import Node

Figure = Literal["key", "count", "sum", "max", "min"]

_WIDEST = "decimal(38"
"""Sums that are as wide as there is may have been too great for it, and are NULL then."""


@dataclass(frozen=True, slots=True)
class Sums:
    """How the columns of a query are brought up to date.

    Attributes:
        figures: what each column is.
        counted: for a sum that may have no value: the place of the count of its values.
        rows: the place of a count of all rows; None for none.
        linear: how the changes are read.
    """

    figures: tuple[Figure, ...]
    counted: tuple[tuple[int, int], ...]
    rows: int | None
    linear: Linear

    @property
    def keys(self) -> tuple[int, ...]:
        """Places of the columns that it is grouped by."""
        return tuple(at for at, figure in enumerate(self.figures) if figure == "key")


@at_any_depth
def sums_of(query: Query, changed: Iterable[str], *, only_added: bool) -> Sums | Refusal:
    """Return how a change is added to the groups of a query, or why it cannot be.

    Args:
        query: the query.
        changed: names of the inputs that have changed.
        only_added: whether these have got new rows, and nothing else.
    """
    top, order = _aggregate(query)
    if top is None:
        return Refusal("it is no grouping of rows", "AGGREGATE_NOT_TOP_NODE")
    made = {each.id: each for each in top.expressions("aggregateExpressions")}
    columns = [made[column] for column in order if column in made]
    if len(columns) != len(query.columns):
        return Refusal("it computes something with what it has grouped", "AGGREGATE_NOT_TOP_NODE")
    refusal = _looked_up(query, top, changed) or _grouping(top, columns)
    if refusal is not None:
        return refusal
    figures: list[Figure] = []
    for column, (name, kind) in zip(columns, query.columns, strict=True):
        figure = _figure(column, kind, name, only_added=only_added)
        if isinstance(figure, Refusal):
            return figure
        figures.append(figure)
    found = linear_below(query, top.children[0], changed)
    if isinstance(found, Refusal):
        return found
    return _whole(top, columns, figures, found, only_added=only_added)


def _aggregate(query: Query) -> tuple[Node | None, list[int]]:
    """Return the grouping on top of a query, and the columns of it in order."""
    node, names, order = query.plan, dict[int, int](), list[int]()
    while True:
        if node.kind == "Aggregate":
            own = [each.id for each in node.expressions("aggregateExpressions")]
            return node, [names.get(each, each) for each in order or own]
        if node.kind == "Project":
            made = node.expressions("projectList")
            plain = [_renamed(each) for each in made]
            if not all(plain):
                return None, []
            below = {each.id: one.id for each, one in zip(made, plain, strict=True) if one}
            order = [below.get(each, each) for each in order or [one.id for one in made]]
        elif node.kind not in OVER_ONE or query.name(node) is not None:
            return None, []
        node = node.children[0]


def _looked_up(query: Query, top: Node, changed: Iterable[str]) -> Refusal | None:
    """Return that figures hang on a subquery over what has changed."""
    try:
        return subquery() if Reading(query, frozenset(changed)).changes_inside(top) else None
    except NotProvedError as error:
        return error.refusal


def _renamed(expression: Node) -> Node | None:
    if expression.kind == "Alias":
        expression = expression.children[0]
    return expression if expression.kind == "AttributeReference" else None


def _grouping(top: Node, columns: Sequence[Node]) -> Refusal | None:
    """Return why groups cannot be told apart by the columns there are."""
    shown = [_bare(each) for each in columns]
    if all(each in shown for each in top.expressions("groupingExpressions")):
        return None
    return Refusal(
        "not all that it groups by is among its columns",
        "OPERATOR_NOT_INCREMENTALIZABLE",
        "select every column that it groups by",
    )


def _bare(column: Node) -> Node:
    return column.children[0] if column.kind == "Alias" else column


def _figure(column: Node, kind: object, name: str, *, only_added: bool) -> Figure | Refusal:
    """Return what a column is."""
    found = _bare(column)
    if found.kind != "AggregateExpression":
        return _key(found, kind, name)
    if found.fields.get("isDistinct"):
        said = f"{name} counts different values, which a change alone does not tell"
        return Refusal(said, "AGGREGATE_WITH_DISTINCT")
    return _added_up(found.children[0], kind, name, only_added=only_added)


def _key(found: Node, kind: object, name: str) -> Figure | Refusal:
    """Return that a column is made of what it groups by, and of nothing else."""
    if any(each.kind in NOT_OF_ONE_ROW for each in preorder(found)):
        return Refusal(
            f"it computes {name} with what it has grouped",
            "AGGREGATE_NOT_TOP_NODE",
            f"compute {name} in another view that reads this one",
        )
    if not is_exact(kind):
        return Refusal(f"equal values of {name}, by which it groups, may differ", _NOT)
    return "key"


def _added_up(function: Node, kind: object, name: str, *, only_added: bool) -> Figure | Refusal:
    what, exact = function.kind, is_exact(kind)
    if what == "Count":
        return "count"
    tries = "TRY" in str(function.fields)  # and may be NULL for being too great
    if what == "Sum" and exact and not tries and not str(kind).startswith(_WIDEST):
        return "sum"
    if what in {"Max", "Min"} and exact and only_added:
        return "max" if what == "Max" else "min"
    return Refusal(_REASONS.get(what, "{} is no sum and no count").format(name), _NOT)


_REASONS = {
    "Sum": "the sum {} hangs on the order of its rows, or may be too great for its type",
    "Max": "{} may have gone with a row that is gone",
    "Min": "{} may have gone with a row that is gone",
}
_NOT: Literal["EXPRESSION_NOT_INCREMENTALIZABLE"] = "EXPRESSION_NOT_INCREMENTALIZABLE"


def _whole(
    top: Node,
    columns: Sequence[Node],
    figures: Sequence[Figure],
    found: Linear,
    *,
    only_added: bool,
) -> Sums | Refusal:
    """Return what is known of all columns, with the counts that they need."""
    rows = next((at for at, column in enumerate(columns) if _counts_rows(column)), None)
    if not only_added and rows is None and top.expressions("groupingExpressions"):
        return Refusal(
            "it has no count(*), by which one sees that a group is gone",
            "OPERATOR_NOT_INCREMENTALIZABLE",
            "select count(*) too",
        )
    counted = {}
    for at, figure in enumerate(figures):
        if figure != "sum" or only_added:
            continue
        place = _count_of(columns[at], columns, rows)
        if place is None:
            return Refusal(
                "it has a sum without a count of the same, by which one sees that it has none",
                "OPERATOR_NOT_INCREMENTALIZABLE",
                "select the count of what is summed too",
            )
        counted[at] = place
    return Sums(tuple(figures), tuple(counted.items()), rows, found)


def _counts_rows(column: Node) -> bool:
    """Say whether a column counts all rows of a group."""
    found = _bare(column)
    if found.kind != "AggregateExpression" or found.children[0].kind != "Count":
        return False
    of = found.children[0].children
    return len(found.children) == 1 and len(of) == 1 and _never_null(of[0])


def _never_null(expression: Node) -> bool:
    if expression.kind == "Literal":
        return expression.fields.get("value") is not None
    return expression.kind == "AttributeReference" and expression.fields.get("nullable") is False


def _count_of(column: Node, columns: Sequence[Node], rows: int | None) -> int | None:
    """Return the place of the count of what a sum sums."""
    added, *given = _bare(column).children
    if not given and rows is not None and _never_null(added.children[0]):
        return rows
    for at, each in enumerate(columns):
        found = _bare(each)
        if found.kind != "AggregateExpression" or found.children[0].kind != "Count":
            continue
        of, *same = found.children
        if of.children == added.children[:1] and same == given:
            return at
    return None
