"""SQL sources: statements that declare datasets and flows, read by Spark's own parser."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbkit.dialect.tokens import blanked, starts, statements, tokens
from nbkit.errors import UsageError
from nbkit.foreign_errors import PLACE_IN_QUERY
from nbkit.pipelines.declare.changes import check
from nbkit.pipelines.declare.column_list import listed
from nbkit.pipelines.declare.declarations import Dataset, Flow, Place
from nbkit.pipelines.declare.sql_changes import read_changes
from nbkit.pipelines.declare.sql_flows import flow_clause, read_insert
from nbkit.pipelines.declare.sql_header import cleaned
from nbkit.pipelines.scala import java_class, option, scala_map, sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.dialect.tokens import Token
    from nbkit.pipelines.declare.declarations import Kind, Replaces
    from nbkit.pipelines.declare.registry import Registry
    from nbkit.pipelines.declare.sql_flows import Insert
    from nbkit.pipelines.declare.sql_header import Cleaned

_KINDS: dict[str, Kind] = {
    "CreateStreamingTable": "streaming_table",
    "CreateStreamingTableAsSelect": "streaming_table",
    "CreateMaterializedViewAsSelect": "materialized_view",
    "CreateViewCommand": "temporary_view",
    "CreateView": "temporary_view",
}
_PARAMETER = re.compile(r"\$\{([\w.-]+)\}")


class SqlError(Exception):
    """A statement that declares nothing; its place, and why."""

    def __init__(self, place: Place, message: str) -> None:
        self.place = place
        self.message = message
        super().__init__(f"{place}: {message}")


def declare_sql(
    text: str,
    file: str,
    registry: Registry,
    spark: SparkSession,
    configuration: Mapping[str, str],
    *,
    conf: dict[str, str],
    first_line: int = 1,
) -> list[SqlError]:
    """Declare what SQL text says, and return what is wrong with the rest.

    Args:
        text: one or more statements.
        file: its name, for places.
        registry: where declarations go.
        spark: whose parser reads it.
        configuration: values of `${name}`.
        conf: what `SET` has said so far in this source, and says here.
        first_line: of the text in its file.
    """
    text = _filled(text, configuration)
    problems = []
    for found in statements(text):
        line = first_line + text.count("\n", 0, found[0].start)
        statement = _filled(text[found[0].start : found[-1].end], conf)
        declared = _Statement(statement, Place(file, line), registry, spark, conf)
        try:
            declared.check_parameters()
            declared.declare()
        except SqlError as problem:
            problems.append(problem)
        except UsageError as error:
            problems.append(SqlError(declared.place, str(error)))
    return problems


class _Statement:
    """One statement."""

    def __init__(
        self,
        text: str,
        place: Place,
        registry: Registry,
        spark: SparkSession,
        conf: dict[str, str],
    ) -> None:
        self.place = place
        self._text = text
        self._found = tokens(text)
        self._registry = registry
        self._spark = spark
        self._conf = conf

    def check_parameters(self) -> None:
        """Look for a `${name}` that nothing says the value of.

        Raises:
            UsageError: there is one.
        """
        for token in self._found:
            found = _PARAMETER.match(self._text, token.start) if token.text == "$" else None
            if found is None and token.kind in {"text", "name"}:
                found = _PARAMETER.search(token.text)
            if found is not None and not found[1].startswith("spark."):
                raise UsageError(f"the pipeline's configuration has no {found[1]}")

    def declare(self) -> None:
        """Declare what the statement says.

        Raises:
            SqlError: nothing a pipeline knows.
            UsageError: a clause does not make sense.
        """
        found = self._found
        if starts(found, 0, "SET") and any(token.text == "=" for token in found):
            name, _, value = (part.strip() for part in self._text[found[0].end :].partition("="))
            of_engine = name.startswith(("spark.", "pipelines."))
            self._conf[name] = value.strip("'\"") if of_engine else value  # `${name}` is as written
        elif starts(found, 0, "APPLY", "CHANGES", "INTO"):
            self._changes(found[3:], "")
        elif starts(found, 0, "CREATE", "FLOW"):
            self._flow(found)
        elif starts(found, 0, "CREATE"):
            self._dataset()
        else:
            first = found[0].text.upper()
            has = "CREATE STREAMING TABLE, CREATE MATERIALIZED VIEW, CREATE TEMPORARY VIEW"
            said = f"a pipeline's SQL has {has} and CREATE FLOW"
            if first == "USE":
                said = "say catalog and schema in the pipeline's settings, or in front of names"
            raise SqlError(self.place, f"{first} declares nothing; {said}")

    def _flow(self, found: list[Token]) -> None:
        """Read `CREATE FLOW f AS INSERT INTO …` and `CREATE FLOW f AS AUTO CDC INTO …`."""
        start = next((at for at, token in enumerate(found) if token.upper == "AS"), len(found))
        named = next((at for at in range(2, start) if found[at].upper == "COMMENT"), start)
        name = _unquoted(self._text[found[2].start : found[named - 1].end]) if named > 2 else ""  # noqa: PLR2004
        if starts(found, start + 1, "AUTO", "CDC") or starts(found, start + 1, "APPLY", "CHANGES"):
            once = starts(found, start + 3, "ONCE")
            into = start + 3 + once
            if not starts(found, into, "INTO"):
                raise SqlError(self.place, "write AUTO CDC INTO, and the name of a streaming table")
            self._changes(found[into + 1 :], name, once=once)
            return
        if not starts(found, start + 1, "INSERT"):
            raise SqlError(self.place, "a flow is AS INSERT INTO … or AS AUTO CDC INTO …")
        insert = read_insert(found[start + 1 :], self._text)
        if not insert.target:
            raise SqlError(self.place, "INSERT INTO needs the name of a table")
        first, last = insert.target[0], insert.target[-1]
        target = _unquoted(self._text[first.start : last.end])
        self._insert(name, target, insert, self._text)

    def _insert(self, name: str, target: str, insert: Insert, text: str) -> None:
        query = text[insert.start :].rstrip().removesuffix(";")
        self._add_flow(name, target, query, once=insert.once, replaces=insert.replaces)

    def _changes(self, found: list[Token], name: str, *, once: bool = False) -> None:
        at = next((n for n, token in enumerate(found) if token.upper == "FROM"), len(found))
        if not found or not at:
            raise SqlError(self.place, "AUTO CDC INTO needs the name of a streaming table")
        target = _unquoted(self._text[found[0].start : found[at - 1].end])
        self._add_changes(found[at:], self._text, name or target, target, once=once)

    def _add_changes(
        self, found: list[Token], text: str, name: str, target: str, *, once: bool = False
    ) -> None:
        changes = read_changes(found, text, lambda *query: _query(self._placed(*query)))
        check(changes, target)
        flow = Flow(name, target, self.place, conf=dict(self._conf), once=once, changes=changes)
        self._registry.add_flow(flow)

    def _dataset(self) -> None:
        streaming = _as_streaming(self._text)
        made = cleaned(streaming)
        found = tokens(made.text)
        inner = flow_clause(found)
        text = made.text
        if inner is not None:  # CREATE STREAMING TABLE t FLOW …
            text = blanked(text, [(found[inner].start, found[-1].end)])
        plan = self._parsed(text)
        kind = _KINDS.get(java_class(plan))
        if kind is None:
            message = "a pipeline creates streaming tables, materialized views and temporary views"
            raise SqlError(self.place, message)
        name = _name(plan)
        if made.policy is not None and kind != "materialized_view":
            raise UsageError(f"REFRESH POLICY is for materialized views, and {name} is none")
        if kind == "temporary_view":
            dataset = self._view(plan, name, made)
        else:
            dataset = self._table(plan, name, kind, made)
            dataset = replace(dataset, appends_only=streaming != self._text)
        self._registry.add_dataset(dataset)
        if inner is not None:
            if starts(found, inner + 1, "AUTO", "CDC"):
                once = starts(found, inner + 3, "ONCE")
                rest = found[inner + 3 + once :]
                self._add_changes(rest, made.text, name, name, once=once)
            else:
                self._insert(name, name, read_insert(found[inner + 1 :], made.text), made.text)
        elif java_class(plan) != "CreateStreamingTable":  # which flows elsewhere write to
            self._add_flow(name, name, _original(plan, text))

    def _view(self, plan: Any, name: str, made: Cleaned) -> Dataset:
        return Dataset(
            name,
            "temporary_view",
            self.place,
            comment=option(plan.comment()) or "",
            rules=tuple(made.rules),
            ignored=tuple(made.ignored),
        )

    def _table(self, plan: Any, name: str, kind: Kind, made: Cleaned) -> Dataset:
        spec = plan.tableSpec()
        columns = sequence(plan.columns())
        partitions, clusters = _transforms(plan)
        return Dataset(
            name,
            kind,
            self.place,
            comment=option(spec.comment()) or "",
            properties=scala_map(spec.properties()),
            partition_by=partitions,
            cluster_by=clusters,
            schema=listed(columns).columns if columns else None,
            path=option(spec.location()) or "",
            source_format=option(spec.provider()) or "",
            rules=tuple(made.rules),
            ignored=tuple(made.ignored),
            policy=made.policy or "auto",
        )

    def _add_flow(
        self,
        name: str,
        target: str,
        query: str,
        *,
        once: bool = False,
        replaces: Replaces | None = None,
    ) -> None:
        made = _query(self._placed(query))
        conf = dict(self._conf)
        flow = Flow(name, target, self.place, made, conf, once=once, replaces=replaces)
        self._registry.add_flow(flow)

    def _placed(self, query: str, head: str = "") -> str:
        """Return the text of a query below as many lines as in the file, which errors name."""
        lines = self._text.partition(query)[0].count("\n") if query in self._text else 0
        return "\n" * (self.place.line + lines - 1) + head + query

    def _parsed(self, text: str) -> Any:
        from pyspark.errors import ParseException

        parser = self._spark._jsparkSession.sessionState().sqlParser()  # noqa: SLF001
        try:
            return parser.parsePlan(text)
        except ParseException as error:
            said = str(error).strip().splitlines()[0]
            found = PLACE_IN_QUERY.said(str(error))
            line = self.place.line + int(found) - 1 if found else self.place.line
            raise SqlError(Place(self.place.file, line), said) from None


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of `${name}`; a name without one stays."""
    return _PARAMETER.sub(lambda found: values.get(found[1], found[0]), text)


def _query(text: str) -> Callable[[], DataFrame]:
    def query() -> DataFrame:
        from nbkit.toolkit.session import session

        spark = session.attach()
        assert spark is not None
        return spark.sql(text)

    query.sql = text  # type: ignore[attr-defined] # what a person reads of it
    return query


def _as_streaming(text: str) -> str:
    """Return `CREATE TABLE t …`, which flows that append feed, as the streaming table it is here.

    Raises:
        UsageError: its flow is none that such a table takes.
    """
    found = tokens(text)
    at = next((at for at, token in enumerate(found) if token.upper == "TABLE"), 0)
    words = {token.upper for token in found[1:at]}
    clause = flow_clause(found)
    if not at or words - {"OR", "REFRESH", "REPLACE", "PRIVATE"}:
        return text
    if clause is None:
        of_query = any(token.upper == "AS" and not token.depth for token in found)
        return text if of_query else _streaming(text, found[at])
    if starts(found, clause + 1, "IMPORT", "CHECKPOINT"):
        raise UsageError("nbkit imports no checkpoint: each flow has one of its own")
    if not starts(found, clause + 1, "INSERT"):
        raise UsageError("CREATE TABLE … FLOW appends: CREATE STREAMING TABLE takes other flows")
    return _streaming(text, found[at])


def _streaming(text: str, table: Token) -> str:
    return f"{text[: table.start]}STREAMING {text[table.start :]}"


def _name(plan: Any) -> str:
    named = plan.name()
    kind = named.getClass().getSimpleName()
    if kind == "UnresolvedIdentifier":
        return ".".join(sequence(named.nameParts()))
    return str(named.unquotedString())


def _original(plan: Any, text: str) -> str:
    query = plan.originalText()
    return str(option(query)) if hasattr(query, "isDefined") else str(query or text)


def _transforms(plan: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns that partition and that cluster a table."""
    partitions: list[str] = []
    clusters: list[str] = []
    for transform in sequence(plan.partitioning()):
        columns = [".".join(each.fieldNames()) for each in transform.references()]
        (clusters if transform.name() == "cluster_by" else partitions).extend(columns)
    return tuple(partitions), tuple(clusters)


def _unquoted(name: str) -> str:
    return name.replace("`", "").strip()
