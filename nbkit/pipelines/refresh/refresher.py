"""Refresh one dataset, as the plan has decided."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from nbkit.dialect.sql_text import quoted_part
from nbkit.errors import UsageError
from nbkit.pipelines.files.auto_loader import SCHEMAS
from nbkit.pipelines.refresh import quarantine, sinks, tables
from nbkit.pipelines.refresh.flow_session import moved, session_for
from nbkit.pipelines.refresh.live_inputs import LiveInputs, expectations_of
from nbkit.pipelines.refresh.plan import Facts, decide
from nbkit.pipelines.refresh.quarantine import Quarantine
from nbkit.pipelines.refresh.streams import Streams
from nbkit.pipelines.refresh.tables import TableState
from nbkit.pipelines.refresh.written import Written
from nbkit.pipelines.resolve import columns
from nbkit.pipelines.resolve.exact_types import as_type
from nbkit.quality.splitting import aborted_by, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.pipelines.declare.declarations import Flow
    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.refresh.plan import Refresh
    from nbkit.pipelines.refresh.sinks import SinkState
    from nbkit.pipelines.refresh.streams import Ready
    from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow, PipelineGraph


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
        beside = [quarantine.key_of(key) for key in stored]
        self._known = tables.catalogued(spark, [*stored, *beside])
        self.streams = Streams(storage)

    def decided(self, found: AnalysedDataset, *, full: bool) -> tuple[Refresh, Facts]:
        """Return how a dataset is to be refreshed, with the facts of this moment.

        Raises:
            UsageError: its table, or its quarantine, belongs to somebody else.
        """
        state: TableState | SinkState | None
        if found.kind == "sink":
            state = sinks.state_of(self.streams.folder(found.key))
        else:
            state = self._state(found.key)
            tables.check_owner(found.key, state, self._owner)
            quarantine.check_is_none(found.key, state)
            self._beside(found).check()
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
            apart=found.kind == "materialized_view" and self._beside(found).is_apart(record),
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
        refresh = uuid.uuid4().hex
        record = {
            **quarantine.noted(refresh),
            "definition": facts.definition,
            "inputs": dict(facts.inputs),
            "number": 0 if facts.number is None else facts.number + 1,
        }
        parts = split(rows, expectations, dataset=found.written)
        with parts.metrics:
            tables.replace(parts.good, found.key, found.dataset, self._owner, record)
            self._beside(found).replace(parts, refresh)
            outcome = parts.metrics.read()
            outcomes = [metrics.read() for metrics in live.counted.values()]
        counted = [outcome] if expectations else []
        return Written(outcome.kept, outcome.rows - outcome.kept, outcomes=[*counted, *outcomes])

    def _beside(self, found: AnalysedDataset) -> Quarantine:
        key = quarantine.key_of(found.key)
        looked = quarantine.is_wanted(found.dataset) or key in self._known
        state = self._state(key) if looked else None
        return Quarantine(self._spark, found, self._owner, state)

    def _shaped(self, rows: DataFrame, found: AnalysedDataset) -> DataFrame:
        """Return rows with the declared columns, in their order and types."""
        wanted = columns.declared(self._spark, found.dataset)
        if wanted is None:
            return rows
        from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

        kinds = {field.name.lower(): field.dataType for field in rows.schema}
        return rows.select(
            *(
                as_type(
                    F.col(quoted_part(field.name)),
                    field.name,
                    kinds.get(field.name.lower(), field.dataType),
                    field.dataType,
                ).alias(field.name, metadata=field.metadata)
                for field in wanted
            )
        )

    def _streamed(self, found: AnalysedDataset, how: Refresh, facts: Facts) -> Written:
        """Add to a streaming table, or to a sink, what is new: all its flows at once.

        Flows of changes are an exception: each merges into the table, and comes after the other.
        """
        active = facts.active if how.how == "incremental" else None
        flows = [each for each in found.flows if active is None or each.flow.name in active]
        done, errors = Written(), []
        merging = any(each.flow.changes for each in flows)
        at_once = 1 if merging else max(1, len(flows))
        with ThreadPoolExecutor(at_once, thread_name_prefix="nbkit-flow") as pool:
            ready = self._ready(pool, found, flows)
            generation = self._begun(found, facts) if how.how == "full" else facts.generation
            if found.kind != "sink":
                self._beside(found).ensure(generation)
                self.streams.settle(found.key, generation)
            begun = [pool.submit(self.streams.run, found, each, generation) for each in ready]
            for each in begun:
                try:
                    done.include(each.result())
                except Exception as error:  # noqa: BLE001 - the other flows go on
                    errors.append(error)
        if errors:
            raise errors[0]
        return done

    def _ready(
        self, pool: ThreadPoolExecutor, found: AnalysedDataset, flows: Sequence[AnalysedFlow]
    ) -> list[Ready]:
        """Make the queries of flows, so that nothing is emptied for one that cannot be made."""
        begun = [
            pool.submit(self.streams.ready, found, each, self._live(each.flow), self._shaped)
            for each in flows
        ]
        wait(begun)
        if any(each.exception() for each in begun):
            for each in begun:
                if not each.exception():
                    each.result().live.close()
        return [each.result() for each in begun]

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
        self.streams.forget(found.key, generation)
        return generation

    def _live(self, flow: Flow) -> LiveInputs:
        session = session_for(self._spark, flow.conf)
        return LiveInputs(self._graph, self._spark, session, self._storage / SCHEMAS)
