"""Keys of a query: columns that come, value by value, from columns of what has changed.

For a column `c` and a leaf `t` with the image `e`, an expression over one row of `t`, this holds:
the rows of the query with `c = v` hang on no rows of `t` but those with `e = v`, for every `v`,
NULL too. So a change of `t` touches only rows of the query with a `c` among the `e` of the changed
rows. Several columns together are as good, and more exact: each of them may be filtered after the
other. For leaves that have not changed nothing has to be known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbkit.pipelines.refresh.plan import Refusal
from nbkit.pipelines.refresh.proofs.expression_images import (
    Column,
    Images,
    Made,
    Place,
    image_of,
    is_plain,
)
from nbkit.pipelines.refresh.proofs.query import (
    OVER_ONE,
    NotProvedError,
    Reading,
    at_any_depth,
    attributes,
    is_exact,
    operator,
    read_columns,
    subquery,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nbkit.pipelines.refresh.proofs.expression_images import Image
    from nbkit.pipelines.refresh.proofs.query import Query
    from nbkit.pipelines.resolve.plan_tree import Node

_MOST = 8
"""Columns of a key; more would tell hardly more keys apart, and every one is compared."""


_NOWHERE = Place(-1, "", ())
"""In a subquery, whose operators are not among those of the plan."""


@dataclass(frozen=True, slots=True)
class Key:
    """Columns whose values tell which rows of a query a change touches.

    Attributes:
        columns: places of the columns among those of the query.
        images: for each time that a changed input is read: its name, and the image of each of
            the columns over its rows.
    """

    columns: tuple[int, ...]
    images: tuple[tuple[str, tuple[Image, ...]], ...]


@dataclass(slots=True)
class _Rows:
    """What is known of an operator's rows: ids of its columns in order, and their images."""

    output: list[int]
    images: Images = field(default_factory=dict)


@at_any_depth
def key_of(query: Query, changed: Iterable[str]) -> Key | Refusal:
    """Return the key of a query for changes of some of its inputs, or why it has none."""
    proof = _Proof(Reading(query, frozenset(changed)))
    try:
        found = proof.rows(query.plan)
    except NotProvedError as error:
        return error.refusal
    leaves = range(len(proof.leaves))
    if len(found.output) != len(query.columns):
        return operator(query.plan)
    if set(proof.leaves) != proof.reading.changed:
        return Refusal("nobody knows where it reads what has changed")
    places = [
        at
        for at, (column, (_, kind)) in enumerate(zip(found.output, query.columns, strict=True))
        if is_exact(kind)
        and all(_is_found(found.images.get(column, {}).get(leaf)) for leaf in leaves)
    ][:_MOST]
    if not places:
        return _no_key(proof.leaves)
    images = tuple(
        (proof.leaves[leaf], tuple(found.images[found.output[at]][leaf] for at in places))
        for leaf in leaves
    )
    return Key(tuple(places), images)


def _is_found(image: Image | None) -> bool:
    """Say whether an image is made of expressions whose places are known."""
    if isinstance(image, Made):
        return image.place.operator >= 0 and all(_is_found(of) for _, of in image.of)
    return image is not None


def _no_key(leaves: Sequence[str]) -> Refusal:
    every = " and of ".join(dict.fromkeys(leaf.rpartition("/")[2] for leaf in leaves))
    remedy = "have a column among its own by which it groups, partitions or joins them"
    return Refusal(
        f"none of its columns is, unchanged, a column of {every}",
        "OPERATOR_NOT_INCREMENTALIZABLE",
        remedy,
    )


class _Proof:
    """Finds images, from the leaves of one plan up."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.leaves: list[str] = []

    def rows(self, node: Node) -> _Rows:
        """Return what is known of an operator's rows.

        Raises:
            NotProvedError: there is no rule for it, or for one below.
        """
        reading = self.reading
        if not reading.changes(node):
            return _Rows(_output(node))
        name = reading.query.name(node)
        if name is not None:
            return self._leaf(name, reading.leaf(node))
        if node.kind != "Filter" and reading.changes_inside(node):
            raise NotProvedError(subquery())
        rule = _RULES.get(node.kind)
        if rule is None:
            raise NotProvedError(operator(node))
        return rule(self, node)

    def _leaf(self, name: str, columns: Sequence[Node]) -> _Rows:
        self.leaves.append(name)
        leaf = len(self.leaves) - 1
        images: Images = {each.id: {leaf: Column(each.name)} for each in columns}
        return _Rows([each.id for each in columns], images)

    def _as_below(self, node: Node) -> _Rows:
        return self.rows(node.children[0])

    def _filter(self, node: Node) -> _Rows:
        below = self.rows(node.children[0])
        found = _Rows(below.output, {column: dict(of) for column, of in below.images.items()})
        for each, _ in _conjuncts(node.expressions("condition"), ()):
            if any(self.reading.changes(plan) for plan in self.reading.plans_in(each)):
                self._looked_up(each, found)
        return found

    def _looked_up(self, condition: Node, outer: _Rows) -> None:
        """Add the images of a semi or an anti join that is written as a subquery.

        IN under NOT is none: one NULL in the subquery decides about all rows.
        """
        negated = condition.kind == "Not"
        asked = condition.children[0] if negated else condition
        plans = self.reading.plans_in(asked)
        if asked.kind == "Exists" and len(plans) == 1:
            self._exists(plans[0], outer)
        elif asked.kind == "InSubquery" and not negated and len(plans) == 1:
            inner = self.rows(plans[0])
            for value, column in zip(asked.children[:-1], inner.output, strict=False):
                if is_plain(value):
                    self._add(value, inner.images.get(column, {}), outer)
        else:
            raise NotProvedError(subquery())

    def _exists(self, plan: Node, outer: _Rows) -> None:
        node = plan
        while node.kind in {*OVER_ONE, "Project"} and self.reading.query.name(node) is None:
            node = node.children[0]
        if node.kind != "Filter" or self.reading.changes_inside(node):
            raise NotProvedError(subquery())
        inner = self.rows(node.children[0])
        for each, _ in _conjuncts(node.expressions("condition"), ()):
            if each.kind not in {"EqualTo", "EqualNullSafe"}:
                continue
            for one, other in (each.children, each.children[::-1]):
                column = next(iter(one.expressions("e")), None)
                if one.kind == "OuterReference" and column is not None and is_plain(column):
                    self._add(column, image_of(other, inner.images, _NOWHERE), outer)

    @staticmethod
    def _add(column: Node, images: Mapping[int, Image], outer: _Rows) -> None:
        if column.id in outer.output:
            outer.images[column.id] = {**images, **outer.images.get(column.id, {})}

    def _project(self, node: Node) -> _Rows:
        return self._made(node, "projectList", self.rows(node.children[0]).images)

    def _aggregate(self, node: Node) -> _Rows:
        """Group: what is the same in a group is made of what it is grouped by."""
        if not node.expressions("groupingExpressions"):
            raise NotProvedError(
                Refusal(
                    "it makes one row of all that has changed",
                    "OPERATOR_NOT_INCREMENTALIZABLE",
                    "group by a column",
                )
            )
        return self._made(node, "aggregateExpressions", self.rows(node.children[0]).images)

    def _made(self, node: Node, name: str, below: Images) -> _Rows:
        """Return columns that are made of those below, row by row or group by group."""
        number, images = self.reading.number(node), {}
        made = node.expressions(name)
        for at, each in enumerate(made):
            images[each.id] = image_of(each, below, Place(number, name, (at,)))
        return _Rows([each.id for each in made], images)

    def _window(self, node: Node) -> _Rows:
        below = self.rows(node.children[0])
        parts = [each for each in node.expressions("partitionSpec") if is_plain(each)]
        if not node.expressions("partitionSpec"):
            raise NotProvedError(
                Refusal(
                    "it has a window without PARTITION BY",
                    "WINDOW_WITHOUT_PARTITION_BY",
                    "partition the window",
                )
            )
        kept = {each.id: below.images.get(each.id, {}) for each in parts}
        added = [each.id for each in node.expressions("windowExpressions")]
        return _Rows([*below.output, *added], kept)

    def _deduplicate(self, node: Node) -> _Rows:
        below = self.rows(node.children[0])
        keys = [each for each in node.expressions("keys") if is_plain(each)]
        return _Rows(below.output, {each.id: below.images.get(each.id, {}) for each in keys})

    def _generate(self, node: Node) -> _Rows:
        if node.fields.get("unrequiredChildIndex"):
            raise NotProvedError(operator(node))
        below = self.rows(node.children[0])
        added = [each.id for each in node.expressions("generatorOutput")]
        return _Rows([*below.output, *added], below.images)

    def _by_position(self, node: Node) -> _Rows:
        """Put rows of several queries together, or take some away, by the places of columns."""
        if node.fields.get("byName") is True:
            raise NotProvedError(operator(node))
        sides = [self.rows(child) for child in node.children]
        first, images = sides[0].output, Images()
        if any(len(side.output) != len(first) for side in sides):
            raise NotProvedError(operator(node))
        for at, column in enumerate(first):
            found = images[column] = {}
            for side in sides:
                found |= side.images.get(side.output[at], {})
        return _Rows(first, images)

    def _with_cte(self, node: Node) -> _Rows:
        return self.rows(node.child("plan"))

    def _reference(self, node: Node) -> _Rows:
        """Look into a common table expression, anew each time that it is read."""
        made = self.rows(self.reading.definition(node).children[0])
        again = [each.id for each in node.expressions("output")]
        if len(again) != len(made.output):
            raise NotProvedError(operator(node))
        pairs = zip(again, made.output, strict=True)
        return _Rows(again, {new: made.images.get(old, {}) for new, old in pairs})

    def _join(self, node: Node) -> _Rows:
        left, right = self.rows(node.children[0]), self.rows(node.children[1])
        kind = join_kind(node)
        if kind not in _KEPT:
            raise NotProvedError(
                Refusal(
                    "it has a FULL JOIN over what has changed"
                    if kind == "FullOuter"
                    else f"it has a join of the kind {kind}",
                    "OPERATOR_NOT_INCREMENTALIZABLE",
                    "write it as a LEFT JOIN, united with what only the other side has",
                )
            )
        keeps_left, keeps_right, only_left = _KEPT[kind]
        images: Images = {}
        if keeps_left:
            images |= {column: dict(found) for column, found in left.images.items()}
        if keeps_right:
            images |= {column: dict(found) for column, found in right.images.items()}
        for one, other in self._equal(node, left, right):
            for (mine, _), (theirs, place), keeps, far in (
                (one, other, keeps_left, right),
                (other, one, keeps_right, left),
            ):
                if keeps and is_plain(mine):
                    known = images.setdefault(mine.id, {})
                    images[mine.id] = {**image_of(theirs, far.images, place), **known}
        output = left.output if only_left else [*left.output, *right.output]
        return _Rows(output, images)

    def _equal(
        self, node: Node, left: _Rows, right: _Rows
    ) -> list[tuple[tuple[Node, Place], tuple[Node, Place]]]:
        """Return what has to be equal of the left side and of the right."""
        found = []
        number = self.reading.number(node)
        for each, steps in _conjuncts(node.expressions("condition"), ()):
            if each.kind not in {"EqualTo", "EqualNullSafe"}:
                continue
            one, other = (
                (child, Place(number, "condition", (*steps, at)))
                for at, child in enumerate(each.children)
            )
            if _made_of(one[0], left) and _made_of(other[0], right):
                found.append((one, other))
            elif _made_of(one[0], right) and _made_of(other[0], left):
                found.append((other, one))
        return found


_KEPT = {
    "Inner": (True, True, False),
    "Cross": (True, True, False),
    "LeftOuter": (True, False, False),
    "RightOuter": (False, True, False),
    "LeftSemi": (True, False, True),
    "LeftAnti": (True, False, True),
}
"""Of a join: whether values of the left and of the right side come through as they are, and
whether only the left side comes through at all."""

_RULES = {
    **dict.fromkeys(OVER_ONE, _Proof._as_below),  # noqa: SLF001 - its own
    "Filter": _Proof._filter,  # noqa: SLF001
    "Distinct": _Proof._as_below,  # noqa: SLF001
    "Project": _Proof._project,  # noqa: SLF001
    "Aggregate": _Proof._aggregate,  # noqa: SLF001
    "Window": _Proof._window,  # noqa: SLF001
    "Deduplicate": _Proof._deduplicate,  # noqa: SLF001
    "Generate": _Proof._generate,  # noqa: SLF001
    "Union": _Proof._by_position,  # noqa: SLF001
    "Except": _Proof._by_position,  # noqa: SLF001
    "Intersect": _Proof._by_position,  # noqa: SLF001
    "WithCTE": _Proof._with_cte,  # noqa: SLF001
    "CTERelationRef": _Proof._reference,  # noqa: SLF001
    "Join": _Proof._join,  # noqa: SLF001
}


def join_kind(node: Node) -> str:
    """Return the kind of a join, such as `LeftOuter`."""
    kind = node.fields.get("joinType")
    name = kind.get("object", kind.get("product-class", "")) if isinstance(kind, dict) else kind
    return str(name).rpartition(".")[2].rstrip("$")


def _conjuncts(
    condition: Iterable[Node], steps: tuple[int, ...]
) -> list[tuple[Node, tuple[int, ...]]]:
    found = []
    for at, each in enumerate(condition):
        here = (*steps, at)
        found += _conjuncts(each.children, here) if each.kind == "And" else [(each, here)]
    return found


def _made_of(expression: Node, side: _Rows) -> bool:
    parts = [each.id for each in attributes(expression)]
    return bool(parts) and set(parts) <= set(side.output)


def _output(node: Node) -> list[int]:
    """Return the ids of the columns of an operator over what has not changed."""
    for name in ("projectList", "aggregateExpressions", "output"):
        if found := node.expressions(name):
            return [each.id for each in found]
    if node.kind == "Join":
        left, right = (_output(child) for child in node.children)
        return left if _KEPT.get(join_kind(node), (0, 0, False))[2] else [*left, *right]
    if node.kind == "WithCTE":
        return _output(node.child("plan"))
    added = [
        each.id
        for name in ("windowExpressions", "generatorOutput")
        for each in node.expressions(name)
    ]
    if not node.children:
        return [each.id for each in read_columns(node)]
    return [*_output(node.children[0]), *added]
