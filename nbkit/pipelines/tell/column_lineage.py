"""Which columns a query's columns come from, and how: read from Spark's resolved plan.

Types and subtypes are OpenLineage's: what a value is made of is DIRECT, what merely decides which
value, or which row, there is, is INDIRECT.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any

from nbkit.pipelines.resolve.plan_tree import analysed, tree
from nbkit.pipelines.tell.lineage_sources import sources_of, stand_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyspark.sql import DataFrame

    from nbkit.pipelines.resolve.plan_tree import Node
    from nbkit.pipelines.tell.lineage_sources import Source


@dataclass(frozen=True, slots=True, order=True)
class Way:
    """How a column gets into another one.

    Attributes:
        type: DIRECT or INDIRECT.
        subtype: such as IDENTITY, AGGREGATION, JOIN.
        masking: whether the value cannot be told any more.
    """

    type: str
    subtype: str
    masking: bool = False

    def then(self, later: Way) -> Way:
        """Return what this way and a later one are together."""
        masking = self.masking or later.masking
        if self.type == "INDIRECT" or later == IDENTITY:
            return Way(self.type, self.subtype, masking)
        if later.type == "DIRECT" and self.subtype == "AGGREGATION":
            return Way(self.type, self.subtype, masking)
        return Way(later.type, later.subtype, masking)


IDENTITY = Way("DIRECT", "IDENTITY")
_TRANSFORMATION = Way("DIRECT", "TRANSFORMATION")
_AGGREGATION = Way("DIRECT", "AGGREGATION")
_CONDITIONAL = Way("INDIRECT", "CONDITIONAL")
_WINDOW = Way("INDIRECT", "WINDOW")
_MASKED = Way("DIRECT", "TRANSFORMATION", masking=True)
_COUNTED = Way("DIRECT", "AGGREGATION", masking=True)

_MASKING = {
    "AesEncrypt",
    "Crc32",
    "HiveHash",
    "Mask",
    "Md5",
    "Murmur3Hash",
    "Sha1",
    "Sha2",
    "XxHash64",
}
_UNCHANGED = {"Alias", "KnownNotNull", "TempResolvedColumn", "UpCast", "OuterReference"}
_PLANS = {"ScalarSubquery", "Exists", "ListQuery", "LateralSubquery", "InSubquery"}

Origin = tuple["Source", str]
"""A column of something that a query reads."""

Columns = dict[int, dict[Origin, frozenset[Way]]]
"""By Spark's id of a column: where it comes from."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where the rows and columns of a dataset come from.

    Attributes:
        inputs: what is read.
        columns: by name: the columns that it is made of.
        rows: columns that decide which rows there are, or how they are grouped or ordered.
    """

    inputs: tuple[Source, ...] = ()
    columns: Mapping[str, Mapping[Origin, frozenset[Way]]] = field(default_factory=dict)
    rows: Mapping[Origin, frozenset[Way]] = field(default_factory=dict)

    def plus(self, other: Lineage) -> Lineage:
        """Return this, and that of another query that feeds the same dataset."""
        names = dict.fromkeys([*self.columns, *other.columns])
        columns = {
            name: _merged([self.columns.get(name, {}), other.columns.get(name, {})])
            for name in names
        }
        inputs = tuple(dict.fromkeys([*self.inputs, *other.inputs]))
        return Lineage(inputs, columns, _merged([self.rows, other.rows]))

    def as_data(self) -> dict[str, list[dict[str, Any]]]:
        """Return it for JSON, by column; under `*` what decides which rows there are."""
        named = {**self.columns, **({"*": self.rows} if self.rows else {})}
        return {name: [_origin(*each) for each in found.items()] for name, found in named.items()}


def lineage_of(frame: DataFrame) -> Lineage:
    """Return where a query's columns come from; nothing is run."""
    return traced(analysed(frame), sources_of(frame))


def traced(plan: Node, sources: Mapping[int, Source]) -> Lineage:
    """Return where a plan's columns come from.

    Args:
        plan: resolved.
        sources: what the leaves of the plan are, by the id of their first column.
    """
    reading = _Reading(sources)
    output = reading.output(plan)
    columns = {column.name: reading.columns.get(column.id, {}) for column in output}
    return Lineage(tuple(reading.inputs), columns, reading.rows)


@dataclass(frozen=True, slots=True)
class _Column:
    id: int
    name: str


class _Reading:
    """Reads one plan, from its leaves up."""

    def __init__(self, sources: Mapping[int, Source]) -> None:
        self.columns: Columns = {}
        self.rows: dict[Origin, frozenset[Way]] = {}
        self.inputs: dict[Source, None] = {}
        self._sources = sources
        self._shared: dict[int, list[_Column]] = {}

    def output(self, node: Node) -> list[_Column]:
        """Return the columns of an operator, after noting where they come from."""
        kind = node.kind
        known = stand_in(node)
        if known is not None:
            return self._read(known, _declared(node.children[0]))
        if kind == "WithCTE":
            for at in node.fields["cteDefs"]:
                made = node.children[at]
                self._shared[int(made.fields["id"])] = self.output(made.children[0])
            return self.output(node.child("plan"))
        if kind == "CTERelationRef":
            again = _attributes(node.expressions("output"))
            for column, origin in zip(again, self._shared[int(node.fields["cteId"])], strict=True):
                self.columns[column.id] = self.columns.get(origin.id, {})
            return again
        if not node.children:
            return self._leaf(node)
        return self._above(node, [self.output(child) for child in node.children])

    def _above(self, node: Node, below: list[list[_Column]]) -> list[_Column]:
        """Return the columns of an operator over those of its children."""
        kind = node.kind
        if kind == "Union":
            return self._united(below)
        self._decided(node)
        if kind in _LISTED:
            return [self._made(each) for each in node.expressions(_LISTED[kind])]
        if kind == "Expand" and node.fields.get("projections"):
            return self._expanded(node)
        if kind in _ADDING:
            return [*below[0], *self._added(node, below)]
        return self._otherwise(node, below)

    def _added(self, node: Node, below: list[list[_Column]]) -> list[_Column]:
        """Return what an operator adds to the columns of its first child."""
        if node.kind == "Join":
            return [] if _is_semi(node) else below[1]
        if node.kind == "LateralJoin":
            return self._lateral(node)
        if node.kind == "Generate":
            return self._generated(node)
        return [self._made(each) for each in node.expressions("windowExpressions")]

    def _otherwise(self, node: Node, below: list[list[_Column]]) -> list[_Column]:
        """Return the columns of an operator that makes none, or of one that nobody sees into."""
        for name in ("output", "serializer", "outputAttrs"):
            made = node.expressions(name)
            if made:
                break
        else:
            return below[0]
        every = [column.id for side in below for column in side]
        found = [self._made(each) for each in made]
        for column in found:
            self.columns[column.id] = self._from(every, _TRANSFORMATION)
        return found

    def _expanded(self, node: Node) -> list[_Column]:
        """Return the columns of an operator that makes several rows of each, such as ROLLUP."""
        found = _attributes(node.expressions("output"))
        for at, column in enumerate(found):
            ways = [self._origins(tree(row[at])) for row in node.fields["projections"]]
            self.columns[column.id] = _merged(ways)
        return found

    def _read(self, source: Source, columns: Sequence[_Column]) -> list[_Column]:
        self.inputs.setdefault(source)
        for column in columns:
            self.columns[column.id] = {(source, column.name): frozenset({IDENTITY})}
        return list(columns)

    def _leaf(self, node: Node) -> list[_Column]:
        columns = _attributes(node.expressions("output"))
        source = self._sources.get(columns[0].id) if columns else None
        return columns if source is None else self._read(source, columns)

    def _united(self, below: list[list[_Column]]) -> list[_Column]:
        for at, column in enumerate(below[0]):
            parts = [self.columns.get(side[at].id, {}) for side in below]
            self.columns[column.id] = _merged(parts)
        return below[0]

    def _made(self, expression: Node) -> _Column:
        if expression.kind != "AttributeReference":
            self.columns[expression.id] = self._origins(expression)
        return _Column(expression.id, expression.name)

    def _generated(self, node: Node) -> list[_Column]:
        origins = _merged([self._origins(each) for each in node.expressions("generator")])
        made = _attributes(node.expressions("generatorOutput"))
        for column in made:
            self.columns[column.id] = _through(origins, _TRANSFORMATION)
        return made

    def _lateral(self, node: Node) -> list[_Column]:
        inner = [plan for each in node.expressions("right") for plan in each.expressions("plan")]
        return [column for plan in inner for column in self.output(plan)]

    def _decided(self, node: Node) -> None:
        """Note the columns that decide which rows come out of an operator."""
        found = _DECIDING.get(node.kind)
        if found is None:
            return
        name, subtype = found
        for each in node.expressions(name):
            origins = _through(self._origins(each), Way("INDIRECT", subtype))
            self.rows = _merged([self.rows, origins])

    def _from(self, ids: Iterable[int], way: Way) -> dict[Origin, frozenset[Way]]:
        return _through(_merged([self.columns.get(each, {}) for each in ids]), way)

    def _origins(self, node: Node) -> dict[Origin, frozenset[Way]]:
        """Return where the value of an expression comes from."""
        if node.kind in {"AttributeReference", "OuterReference"} and node.id >= 0:
            return self.columns.get(node.id, {})
        parts = [_through(self._origins(child), way) for child, way in _steps(node)]
        if node.kind in _PLANS:
            parts += [self._subquery(plan) for plan in node.expressions("plan")]
        return _merged(parts)

    def _subquery(self, plan: Node) -> dict[Origin, frozenset[Way]]:
        made = self.output(plan)
        return self._from([column.id for column in made], _TRANSFORMATION)


_LISTED = {"Project": "projectList", "Aggregate": "aggregateExpressions"}
_ADDING = {"Join", "LateralJoin", "Generate", "Window"}
_DECIDING = {
    "Filter": ("condition", "FILTER"),
    "Join": ("condition", "JOIN"),
    "Aggregate": ("groupingExpressions", "GROUP_BY"),
    "Sort": ("order", "SORT"),
    "Deduplicate": ("keys", "GROUP_BY"),
    "DeduplicateWithinWatermark": ("keys", "GROUP_BY"),
}


def _steps(node: Node) -> list[tuple[Node, Way]]:  # noqa: PLR0911 - a table of expressions
    """Return the parts of an expression, and what becomes of their values in it."""
    parts = node.children
    if node.kind in _UNCHANGED:
        return [(part, IDENTITY) for part in parts]
    if node.kind == "If":
        return [(parts[0], _CONDITIONAL), *((part, _TRANSFORMATION) for part in parts[1:])]
    if node.kind == "CaseWhen":  # condition, value, condition, value, …, value of ELSE
        last = len(parts) - 1 if len(parts) % 2 else len(parts)
        return [
            (part, _CONDITIONAL if at % 2 == 0 and at < last else _TRANSFORMATION)
            for at, part in enumerate(parts)
        ]
    if node.kind == "WindowExpression":
        function, spec = node.child("windowFunction"), node.child("windowSpec")
        return [(function, _TRANSFORMATION), (spec, _WINDOW)]
    if node.kind == "AggregateExpression":
        way = _COUNTED if parts and parts[0].kind == "Count" else _AGGREGATION
        filters = [(part, _CONDITIONAL) for part in parts[1:]]
        return [(parts[0], way), *filters]
    if node.kind in _MASKING:
        return [(part, _MASKED) for part in parts]
    return [(part, _TRANSFORMATION) for part in parts]


def _through(origins: Mapping[Origin, frozenset[Way]], later: Way) -> dict[Origin, frozenset[Way]]:
    return {origin: frozenset(way.then(later) for way in ways) for origin, ways in origins.items()}


def _origin(origin: Origin, ways: frozenset[Way]) -> dict[str, Any]:
    source, column = origin
    listed = [{"type": way.type, "subtype": way.subtype, "masking": way.masking} for way in ways]
    return {"dataset": source.name, "column": column, "ways": sorted(listed, key=str)}


def _merged(
    parts: Sequence[Mapping[Origin, frozenset[Way]]],
) -> dict[Origin, frozenset[Way]]:
    found: dict[Origin, frozenset[Way]] = {}
    for part in parts:
        for origin, ways in part.items():
            found[origin] = found.get(origin, frozenset()) | ways
    return found


def _attributes(expressions: Iterable[Node]) -> list[_Column]:
    return [_Column(each.id, each.name) for each in expressions]


def _declared(node: Node) -> list[_Column]:
    """Return the columns of a stand-in: an empty relation, or literals over a stream."""
    for name in ("output", "projectList"):
        if found := node.expressions(name):
            return _attributes(found)
    return reduce(lambda found, child: found or _declared(child), node.children, [])


def _is_semi(join: Node) -> bool:
    kind = str(join.fields.get("joinType"))
    return "LeftSemi" in kind or "LeftAnti" in kind
