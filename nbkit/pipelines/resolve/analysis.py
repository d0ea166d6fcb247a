"""Resolve and type-check a whole pipeline before anything runs, with no data read.

Every query function is called once, and what it reads of the pipeline is answered by an empty
stand-in, made at that moment from the dataset's own query: so the order of the graph comes out by
itself, and a wrong column shows three tables down.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbkit.dialect import missing_table
from nbkit.dialect.unity_catalog import unknown_catalog
from nbkit.errors import Problem, UsageError
from nbkit.foreign_errors import PLACE_IN_QUERY
from nbkit.near import hint, meant
from nbkit.pipelines.declare.configuration import configured
from nbkit.pipelines.declare.sources import as_problem
from nbkit.pipelines.files import auto_loader, change_feed
from nbkit.pipelines.files.reading import answering
from nbkit.pipelines.resolve import columns, query_plan, rules, stand_ins
from nbkit.pipelines.resolve.cdc_columns import cdc_columns, check_declared_changes
from nbkit.pipelines.resolve.graph import (
    STORED,
    AnalysedDataset,
    AnalysedFlow,
    BrokenDataset,
    Inputs,
    PipelineGraph,
)
from nbkit.pipelines.resolve.identity import identity_of
from nbkit.pipelines.resolve.names import naming_of, parts_of
from nbkit.spark import apart

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.pipelines.declare.declarations import Dataset, Declared, Flow, Kind, Rule
    from nbkit.pipelines.declare.spec import Spec
    from nbkit.pipelines.files.hadoop_folder import HadoopFolder


def analyse(
    declared: Declared,
    spec: Spec,
    spark: SparkSession,
    found: Sequence[Problem] = (),
    schemas: HadoopFolder | None = None,
    *,
    anew: Collection[str] = (),
) -> PipelineGraph:
    """Resolve a pipeline.

    Args:
        declared: what its sources say.
        spec: its settings.
        spark: resolves the queries; nothing is run on it.
        found: problems that are known already.
        schemas: where updates keep the schemas of files; None before there is such a place.
        anew: keys of datasets that will not go by what is kept there, but infer it again.
    """
    return _Analysis(declared, spec, spark, list(found), schemas, anew=anew).graph()


class _BrokenError(Exception):
    """A dataset that a query reads is wrong; its own problem says why."""


class _Analysis:
    """The analysis of one pipeline; answers its queries while they are resolved."""

    def __init__(
        self,
        declared: Declared,
        spec: Spec,
        spark: SparkSession,
        problems: list[Problem],
        schemas: HadoopFolder | None,
        *,
        anew: Collection[str],
    ) -> None:
        self._spec = spec
        self._spark = spark
        names = [each.name for each in declared.datasets]
        self._naming = naming_of(spec, spark, names, problems)
        self._problems = problems
        self._schemas = schemas
        self._anew = frozenset(anew)
        self._declared: dict[str, Dataset] = {}
        self._flows: dict[str, list[Flow]] = {}
        self._done: dict[str, AnalysedDataset | None] = {}
        self._reasons: dict[str, str] = {}
        self._parents: dict[str, set[str]] = {}
        self._views: dict[str, DataFrame] = {}
        self._path: list[str] = []
        self._read: list[dict[str, bool]] = []
        self._take(declared)

    def graph(self) -> PipelineGraph:
        """Resolve everything."""
        with configured(self._spark, self._spec.configuration):
            for key in self._declared:
                try:
                    self._resolve(key)
                except _BrokenError:
                    continue
        known = {key: found for key, found in self._done.items() if found is not None}
        self._ignored()
        problems = tuple(dict.fromkeys(self._problems))
        broken = {key: self._broken(key) for key, found in self._done.items() if found is None}
        return PipelineGraph(self._spec, self._naming, known, problems, self._schemas, broken)

    def _broken(self, key: str) -> BrokenDataset:
        parents = tuple(sorted(self._parents.get(key, ())))
        above = ", ".join(each for each in parents if self._done.get(each, 0) is None)
        reason = self._reasons.get(key) or f"it reads {above}, which is broken"
        return BrokenDataset(key, self._declared[key], reason, parents)

    def table(self, name: str, *, stream: bool, feed: bool = False) -> DataFrame | str | None:
        """Answer a query that reads a table."""
        key = self._naming.key(name)
        if key is None:
            return None
        if key not in self._declared:
            return self._naming.outside(name, self._spark.catalog.tableExists)
        if self._read:
            self._read[-1][key] = self._read[-1].get(key, False) or stream
            self._parents.setdefault(self._path[-1], set()).add(key)
        found = self._resolve(key)
        short = key.partition(".")[2]
        if found.kind == "temporary_view":
            change_feed.refuse_view(short, feed=feed)
            view = self._views[key]
            if view.isStreaming != stream:
                how = "a stream: read it with readStream" if view.isStreaming else "not a stream"
                raise UsageError(f"{short} is {how}")
            return apart.moved(view, apart.here() or self._spark).alias(short)
        make = stand_ins.stream if stream else stand_ins.batch
        return change_feed.shown(make(self._spark, found.columns, key), feed=feed)

    def files(
        self, path: str, options: Mapping[str, str], schema: Any, *, stream: bool
    ) -> DataFrame:
        """Answer a query that reads files as Auto Loader does."""
        kept = self._schemas if stream else None
        anew = not self._anew.isdisjoint(self._path)
        return auto_loader.resolved(
            self._spark, path, options, schema, stream=stream, state=kept, anew=anew
        )

    def _take(self, declared: Declared) -> None:
        for dataset in declared.datasets:
            key = self._naming.key(dataset.name)
            if key is None:
                self._wrong(dataset, self._unknown(dataset.name))
            elif key in self._declared:
                first = self._declared[key].place
                self._wrong(dataset, f"{dataset.name} is declared already, at {first}")
            else:
                self._declared[key] = dataset
        names: dict[str, Flow] = {}
        for flow in declared.flows:
            target = self._naming.key(flow.target)
            if target is None or target not in self._declared:
                near = hint(flow.target, [each.name for each in self._declared.values()])
                self._wrong(flow, f"there is no dataset {flow.target} to write to{near}")
                continue
            known = names.setdefault(flow.name.lower(), flow)
            if known is not flow and known.place != flow.place:
                self._wrong(flow, f"flow {flow.name} is declared already, at {known.place}")
                continue
            self._flows.setdefault(target, []).append(flow)

    def _resolve(self, key: str) -> AnalysedDataset:
        """Return a dataset with its columns.

        Raises:
            _BrokenError: it is wrong, or reads what is.
        """
        if key in self._path:
            cycle = " → ".join([*self._path[self._path.index(key) :], key])
            self._wrong(self._declared[key], f"waits for itself: {cycle}")
            self._done.update(dict.fromkeys(self._path[self._path.index(key) :]))
        if key in self._done:
            found = self._done[key]
            if found is None:
                raise _BrokenError
            return found
        self._path.append(key)
        try:
            found = self._analysed(key)
        finally:
            self._path.pop()
            self._done.setdefault(key, None)
        if self._done[key] is None and key in self._done:
            del self._done[key]  # so that a dataset stands after all that it reads
            self._done[key] = found
        if found is None:
            raise _BrokenError
        return found

    def _analysed(self, key: str) -> AnalysedDataset | None:
        dataset = self._declared[key]
        flows = []
        broken = False
        for flow in self._flows.get(key, []):
            resolved = self._frame(flow)
            if resolved is None:
                broken = True
                continue
            frame, inputs = resolved
            flows.append(AnalysedFlow(flow, key, frame.isStreaming, inputs, "", frame))
        if broken:
            return None
        kind = _kind(dataset, flows)
        try:
            shape, expected = self._columns(dataset, kind, flows)
            dataset = replace(dataset, rules=expected)
            if kind in STORED:
                columns.check_quarantine(
                    dataset, shape, taken=f"{key}_quarantine" in self._declared
                )
        except UsageError as error:
            self._wrong(dataset, str(error))
            return None
        if kind == "temporary_view":
            self._views[key] = flows[0].frame
        written = self._naming.written(key)
        defined = tuple(self._defined(dataset, each) for each in flows)
        return AnalysedDataset(key, dataset, kind, shape, defined, written)

    def _defined(self, dataset: Dataset, flow: AnalysedFlow) -> AnalysedFlow:
        """Return a flow with the digest of its query; of a stream nobody asks for it."""
        if flow.streaming:
            return flow
        identity = identity_of(flow.frame)
        definition = identity.with_more(*_described_by(dataset), *self._views_read(flow.inputs))
        varying = identity.unknown
        if dataset.rules:
            shown = columns.with_generated(flow.frame, columns.declared(self._spark, dataset))
            varying += rules.varying(dataset.rules, shown)
        inputs = replace(flow.inputs, unknown=(*varying, *flow.inputs.unknown))
        return replace(flow, definition=definition, inputs=inputs)

    def _frame(self, flow: Flow) -> tuple[DataFrame, Inputs] | None:
        """Call a query; return what it makes and reads, or None after noting what is wrong."""
        self._read.append({})
        try:
            own = apart.copied(flow.home or self._spark, flow.conf)
            with apart.within(own), apart.nothing_global(flow.name), answering(self):
                frame = self._called(flow)
            frame = apart.moved(frame, own)
        except _BrokenError:
            self._read.pop()
            return None
        except Exception as error:  # noqa: BLE001 - whatever a person's query raises
            self._read.pop()
            self._problems.append(self._located(flow, error))
            self._reasons[self._path[-1]] = self._problems[-1].message
            return None
        read = self._read.pop()
        tables, unknown = query_plan.outside(frame) if not frame.isStreaming else ({}, ())
        streams = tuple(key for key, stream in read.items() if stream)
        return frame, Inputs(tuple(read), streams, tables, unknown)

    def _views_read(self, inputs: Inputs) -> Iterator[str]:
        """Yield what the views mean that a query reads, with their rules and settings."""
        for key in sorted(inputs.datasets):
            found = self._done.get(key)
            if found is not None and found.kind == "temporary_view":
                yield from (flow.definition for flow in found.flows)

    def _called(self, flow: Flow) -> DataFrame:
        if flow.changes is not None:
            return cdc_columns(self._spark, flow)
        assert flow.query is not None
        frame = flow.query()
        if not hasattr(frame, "isStreaming"):
            raise UsageError(f"the query of {flow.name} returns no DataFrame")
        return frame

    def _columns(
        self, dataset: Dataset, kind: Kind, flows: list[AnalysedFlow]
    ) -> tuple[Any, tuple[Rule, ...]]:
        """Check a dataset against its queries; return its columns, and its expectations in SQL.

        Raises:
            UsageError: they do not fit.
        """
        frames = [each.frame for each in flows]
        columns.check_flows(dataset, kind, flows)
        if kind == "sink":
            homes = [each.flow.home for each in flows if each.flow.home] or [self._spark]
            for home in homes:  # a source may have registered a format of its own
                columns.check_sink(home, dataset)
            return None, ()
        shape = columns.united([frame.schema for frame in frames])
        declared = columns.declared(self._spark, dataset)
        if declared is not None:
            if frames and flows[0].flow.changes is None:
                columns.check_declared(declared, shape, kind)
            elif frames:
                check_declared_changes(declared, shape)
            shape = declared
        elif not frames:
            raise UsageError(f"{dataset.name} has neither a query nor a schema")
        columns.check_names(dataset, shape)
        asked = frames or [stand_ins.batch(self._spark, shape, "rows")]
        made = [columns.with_generated(frame, declared) for frame in asked]
        return shape, rules.checked(dataset.rules, made)

    def _located(self, flow: Flow, error: Exception) -> Problem:
        said = as_problem(error)
        message = f"{flow.name}: {said.message}"
        if _error_class(error) == "TABLE_OR_VIEW_NOT_FOUND":
            message = f"{flow.name}: there is no table or dataset {self._looked_for(error)}"
        place = said.pointer
        sql = getattr(flow.query, "sql", None)
        if sql is not None or not place:
            line = PLACE_IN_QUERY.said(str(error)) if sql is not None else ""
            place = str(replace(flow.place, line=int(line)) if line else flow.place)
        return Problem(place, message)

    def _looked_for(self, error: Exception) -> str:
        """Return the name that an error misses, and the nearest that there are."""
        missing = _missing(error)
        names = [each.name for each in self._declared.values()]
        parts, here = parts_of(missing), self._naming.here()
        there = missing_table.listed(self._spark, parts)
        other = missing_table.in_other_catalogs(parts, here, there) or meant(missing, names)
        return missing + (other or missing_table.tail(parts, here, there) or hint(missing, names))

    def _unknown(self, name: str) -> str:
        catalog, *rest = parts_of(name) or ("",)
        if len(rest) != 2:  # noqa: PLR2004
            return f"{name} is no name of a table"
        return unknown_catalog(catalog, self._naming.prefixes).removeprefix("nbkit: ")

    def _wrong(self, what: Dataset | Flow, message: str) -> None:
        self._problems.append(Problem(str(what.place), message))
        if self._path:
            self._reasons.setdefault(self._path[-1], message)

    def _ignored(self) -> None:
        """Name once each what means something on Databricks only."""
        places: dict[str, list[str]] = {}
        for key, dataset in self._declared.items():
            if self._done.get(key) is not None:
                for name in columns.declared_list(self._spark, dataset).keys:
                    places.setdefault(name, []).append(dataset.name)
            other = dataset.source_format.lower() not in {"", "delta"} and dataset.kind != "sink"
            if other:
                message = f"{dataset.name}: made as Delta instead of {dataset.source_format}"
                self._problems.append(Problem(str(dataset.place), message, "note"))
            for name in dataset.ignored:
                places.setdefault(name, []).append(dataset.name)
            found = self._done.get(key)
            said = columns.held_when_computed(self._spark, dataset) if found else ""
            if found and found.kind == "materialized_view" and said:
                self._problems.append(Problem(str(dataset.place), said, "note"))
        for name, datasets in places.items():
            more = f" and {len(datasets) - 1} more" if len(datasets) > 1 else ""
            message = f"{name} of {datasets[0]}{more} means something on Databricks only"
            self._problems.append(Problem("", message, "note"))


def _kind(dataset: Dataset, flows: list[AnalysedFlow]) -> Kind:
    if dataset.kind != "table":
        return dataset.kind
    batch = flows and not any(each.streaming or each.flow.changes for each in flows)
    return "materialized_view" if batch else "streaming_table"


def _described_by(dataset: Dataset) -> tuple[object, ...]:
    """Return what of a dataset is part of its definition, besides the query."""
    return (
        dataset.schema.json() if hasattr(dataset.schema, "json") else dataset.schema,
        sorted(dataset.properties.items()),
        dataset.comment,
        dataset.partition_by,
        dataset.cluster_by,
        dataset.rules,
        *([dataset.path] if dataset.path else []),
    )


def _error_class(error: Exception) -> str:
    condition = getattr(error, "getCondition", None)
    return str(condition() if condition else "")


def _missing(error: Exception) -> str:
    parameters = error.getMessageParameters() or {}  # type: ignore[attr-defined]
    return str(parameters.get("relationName", "")).replace("`", "")
