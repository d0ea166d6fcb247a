"""Refresh one dataset, as the plan has decided."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.pipelines.declare.declarations import Dataset
from nbkit.pipelines.files.auto_loader import SCHEMAS
from nbkit.pipelines.refresh import sinks, tables
from nbkit.pipelines.refresh.flow_session import moved, session_for
from nbkit.pipelines.refresh.live_inputs import LiveInputs, expectations_of
from nbkit.pipelines.refresh.plan import Facts, decide
from nbkit.pipelines.refresh.streams import Streams
from nbkit.pipelines.refresh.tables import TableState
from nbkit.pipelines.refresh.written import Written
from nbkit.pipelines.resolve import columns
from nbkit.quality.splitting import FAILED_EXPECTATIONS, aborted_by, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.pipelines.declare.declarations import Flow
    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.refresh.plan import Refresh
    from nbkit.pipelines.refresh.sinks import SinkState
    from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow, PipelineGraph
    from nbkit.quality.splitting import Split


class ExpectationViolatedError(UsageError):
    """A row failed an expectation that lets none pass; the target is as it was."""


class Refresher:
    """Refreshes datasets of one pipeline, each in a thread of its own.

    Args:
        graph: the pipeline.
        spark: the session that its queries are made in.
        storage: where it keeps checkpoints and schemas.
    """

    def __init__(self, graph: PipelineGraph, spark: SparkSession, storage: HadoopFolder) -> None:
        self._graph = graph
        self._spark = spark
        self._storage = storage
        self._owner = graph.spec.name
        stored = [each.key for each in graph.stored() if each.kind != "sink"]
        self._known = tables.catalogued(spark, stored)
        self.streams = Streams(storage)

    def decided(self, found: AnalysedDataset, *, full: bool) -> tuple[Refresh, Facts]:
        """Return how a dataset is to be refreshed, with the facts of this moment.

        Raises:
            UsageError: its table belongs to somebody else.
        """
        state: TableState | SinkState | None
        if found.kind == "sink":
            state = sinks.state_of(self.streams.folder(found.key))
        else:
            state = self._state(found.key)
            tables.check_owner(found.key, state, self._owner)
        facts = self._facts(found, state, full=full)
        return decide(facts), facts

    def refresh(self, found: AnalysedDataset, how: Refresh, facts: Facts) -> Written:
        """Bring a dataset up to date.

        Raises:
            ExpectationViolatedError: a row failed an expectation that lets none pass.
            Exception: whatever the query, or Spark, raises.
        """
        expectations = expectations_of(found.dataset.rules)
        try:
            if how.how == "unchanged":
                return Written(None, None)
            if how.how == "recompute":
                return self._recomputed(found, facts)
            return self._streamed(found, how, facts)
        except Exception as error:
            broken = aborted_by(error, expectations)
            if broken is None:
                raise
            raise ExpectationViolatedError(
                f"{found.name}: a row fails the expectation {broken.name!r} ({broken.rule}); "
                "nothing of it was written"
            ) from error

    def _facts(
        self, found: AnalysedDataset, state: TableState | SinkState | None, *, full: bool
    ) -> Facts:
        parents = {key: self._state(key) for key in self._graph.stored_parents(found.key)}
        views = [*self._flows_with_views(found.key)]
        unknown = dict.fromkeys(why for flow in views for why in flow.inputs.unknown)
        versions = {key: parent.version for key, parent in parents.items() if parent is not None}
        inputs = dict(versions)
        for flow in views:
            inputs |= flow.inputs.tables
        streams = {key for flow in views for key in flow.inputs.streams}
        lives = {
            key: parent.generation
            for key, parent in parents.items()
            if parent is not None and key in streams and parent.generation
        }
        record: Mapping[str, Any] = state.record if state else {}
        number = state.number if isinstance(state, TableState) else None
        allowed = str(found.dataset.properties.get("pipelines.reset.allowed", "true")).lower()
        return Facts(
            found.kind,
            exists=state is not None,
            number=number,
            definition=found.flows[0].definition if found.flows else "",
            inputs=inputs,
            unknown=tuple(unknown),
            generation=state.generation if state else "",
            streams=lives,
            active=None if state is None or full else self._active(found, state, versions),
            last_definition=record.get("definition", ""),
            last_inputs=record.get("inputs", {}),
            last_streams=record.get("streams", {}),
            touched=number != record.get("number", number),
            full=full,
            resettable=allowed != "false",
        )

    def _active(
        self,
        found: AnalysedDataset,
        state: TableState | SinkState,
        versions: Mapping[str, str],
    ) -> tuple[str, ...] | None:
        """Return the flows into a streaming table, or a sink, that may have something to add."""
        if found.kind == "materialized_view":
            return None
        return tuple(
            each.flow.name
            for each in found.flows
            if not self.streams.is_idle(found, each, state.generation, versions)
        )

    def _flows_with_views(self, key: str) -> Iterator[Any]:
        """Yield the flows of a dataset, and those of the views that they read."""
        for flow in self._graph.datasets[key].flows:
            yield flow
            for parent in flow.inputs.datasets:
                known = self._graph.datasets.get(parent)
                if known is not None and known.kind == "temporary_view" and parent != key:
                    yield from self._flows_with_views(parent)

    def _state(self, key: str) -> TableState | None:
        return tables.state_of(self._spark, key, self._known.get(key))

    def _recomputed(self, found: AnalysedDataset, facts: Facts) -> Written:
        """Replace a materialized view in one commit."""
        flow = found.flows[0].flow
        live = self._live(flow)
        try:
            rows = moved(self._shaped(live.frame(flow), found), live.session)
            return self._replaced(rows, found, facts, live)
        finally:
            live.close()

    def _replaced(
        self, rows: DataFrame, found: AnalysedDataset, facts: Facts, live: LiveInputs
    ) -> Written:
        expectations = expectations_of(found.dataset.rules)
        record = {
            "definition": facts.definition,
            "inputs": dict(facts.inputs),
            "number": 0 if facts.number is None else facts.number + 1,
        }
        parts = split(rows, expectations, dataset=found.written)
        with parts.metrics:
            self._quarantined(parts, found)
            tables.replace(parts.good, found.key, found.dataset, self._owner, record)
            outcome = parts.metrics.read()
            outcomes = [metrics.read() for metrics in live.counted.values()]
        counted = [outcome] if expectations else []
        return Written(outcome.kept, outcome.rows - outcome.kept, outcomes=[*counted, *outcomes])

    def _begin_quarantine(self, found: AnalysedDataset) -> None:
        """Make, or empty, the table beside a streaming one for rows that do not belong there."""
        if all(rule.action != "quarantine" for rule in found.dataset.rules):
            return
        from pyspark.sql.types import ArrayType, StringType, StructField, StructType

        key = f"{found.key}_quarantine"
        tables.check_owner(key, self._state(key), self._owner)
        reasons = StructField(FAILED_EXPECTATIONS, ArrayType(StringType()))
        shape = StructType([*found.columns, reasons])
        plain = _beside(found)
        tables.begin(self._spark, key, plain, shape, pipeline=self._owner, record={})

    def _quarantined(self, parts: Split, found: AnalysedDataset) -> None:
        """Put the rows that do not belong into the dataset beside it."""
        if parts.quarantine is None:
            return
        key = f"{found.key}_quarantine"
        tables.check_owner(key, self._state(key), self._owner)
        tables.replace(parts.quarantine, key, _beside(found), self._owner)

    def _shaped(self, rows: DataFrame, found: AnalysedDataset) -> DataFrame:
        """Return rows with the declared columns, in their order and types."""
        wanted = columns.declared(self._spark, found.dataset)
        if wanted is None:
            return rows
        from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

        return rows.select(
            *(
                F.col(f"`{field.name}`")
                .cast(field.dataType)
                .alias(field.name, metadata=field.metadata)
                for field in wanted
            )
        )

    def _streamed(self, found: AnalysedDataset, how: Refresh, facts: Facts) -> Written:
        """Add to a streaming table, or to a sink, what is new: all its flows at once.

        Flows of changes are an exception: each merges into the table, and comes after the other.
        """
        generation = self._begun(found, facts) if how.how == "full" else facts.generation
        active = facts.active if how.how == "incremental" else None
        flows = [each for each in found.flows if active is None or each.flow.name in active]
        done, errors = Written(), []
        merging = any(each.flow.changes for each in flows)
        at_once = 1 if merging else max(1, len(flows))
        with ThreadPoolExecutor(at_once, thread_name_prefix="nbkit-flow") as pool:
            begun = [pool.submit(self._fed, found, each, generation) for each in flows]
            for each in begun:
                try:
                    done.include(each.result())
                except Exception as error:  # noqa: BLE001 - the other flows go on
                    errors.append(error)
        if errors:
            raise errors[0]
        return done

    def _begun(self, found: AnalysedDataset, facts: Facts) -> str:
        """Let a streaming table, or a sink, begin anew; returns which life of it this is."""
        record = {"streams": dict(facts.streams)}
        if found.kind == "sink":
            generation = sinks.begin(self.streams.folder(found.key), record)
        else:
            generation = tables.begin(
                self._spark,
                found.key,
                found.dataset,
                found.columns,
                pipeline=self._owner,
                record=record,
            )
            self._begin_quarantine(found)
        self.streams.forget(found.key, generation)
        return generation

    def _fed(self, found: AnalysedDataset, flow: AnalysedFlow, generation: str) -> Written:
        return self.streams.run(found, flow, self._live(flow.flow), generation, self._shaped)

    def _live(self, flow: Flow) -> LiveInputs:
        session = session_for(self._spark, flow.conf)
        return LiveInputs(self._graph, self._spark, session, self._storage / SCHEMAS)


def _beside(found: AnalysedDataset) -> Dataset:
    """Return the table that takes what a dataset does not."""
    comment = f"Rows that failed expectations of {found.key}"
    return Dataset(f"{found.key}_quarantine", "streaming_table", found.dataset.place, comment)
