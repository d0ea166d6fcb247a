"""What a way of refreshing works with: one dataset in its turn."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nbkit.pipelines.files.auto_loader import SCHEMAS
from nbkit.pipelines.refresh import declared_columns, fitting, tables
from nbkit.pipelines.refresh.live_inputs import LiveInputs
from nbkit.pipelines.refresh.tracking import tracking
from nbkit.pipelines.refresh.written import Written
from nbkit.pipelines.resolve import columns
from nbkit.spark import apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.pipelines.declare.declarations import Flow
    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.refresh.plan import Facts
    from nbkit.pipelines.refresh.quarantine import Quarantine
    from nbkit.pipelines.refresh.streams import Ready, Streams
    from nbkit.pipelines.refresh.tables import TableState
    from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow, PipelineGraph


@dataclass(frozen=True, slots=True)
class Work:
    """One dataset that is refreshed.

    Attributes:
        found: the dataset.
        facts: what was known when its turn came.
        graph: the pipeline.
        spark: what people's code has for its session.
        storage: where the pipeline keeps checkpoints and schemas.
        streams: runs streaming flows.
        state: what its table tells; None where there is none.
        beside: gives the table for rows that do not belong in it.
        tracked: whether its table is made so that its changes can be read.
    """

    found: AnalysedDataset
    facts: Facts
    graph: PipelineGraph
    spark: SparkSession
    storage: HadoopFolder
    streams: Streams
    state: TableState | None
    beside: Callable[[], Quarantine]
    tracked: bool = True

    @property
    def owner(self) -> str:
        """The pipeline's name, as its tables know it."""
        return self.graph.spec.name

    def tracking(self, columns: Iterable[str]) -> dict[str, str]:
        """Return the properties by which its changes can be read; none if that is not wanted."""
        there = self.state.properties if self.state else None
        return tracking(columns, self.found.dataset.properties, there) if self.tracked else {}

    def live(self, flow: Flow) -> LiveInputs:
        """Return what answers the query of a flow, in a session of its own."""
        session = apart.copied(flow.home or self.spark, flow.conf)
        session.conf.set(fitting.READS_WIDER, "true")
        anew = self.facts.full  # and so are the columns of files
        return LiveInputs(self.graph, self.spark, session, self.storage / SCHEMAS, anew)

    def shaped(self, rows: DataFrame, found: AnalysedDataset) -> DataFrame:
        """Return rows with the declared columns, in their order and types."""
        wanted = columns.declared(self.spark, found.dataset)
        if wanted is None:
            return rows
        never_null = found.kind == "materialized_view"  # tables that are written to see to it
        return declared_columns.shaped(rows, wanted, never_null=never_null)

    def described(self) -> str:
        """Let a streaming table that stays be described as its code does it now."""
        if self.found.kind != "streaming_table" or self.state is None:
            return ""
        return tables.describe(self.spark, self.found.key, self.found.dataset, self.state)

    def fed(self, flows: Sequence[AnalysedFlow], begin: Callable[[Any], str]) -> Written:
        """Run flows into a streaming table, or a sink: all of them at once.

        Flows of changes are an exception: each merges into the table, and comes after the other.

        Args:
            flows: which of them.
            begin: called with the columns when all their queries are made; returns which life of
                the table it is.
        """
        done, errors = Written(), []
        merging = any(each.flow.changes for each in flows)
        at_once = 1 if merging else max(1, len(flows))
        with ThreadPoolExecutor(at_once, thread_name_prefix="nbkit-flow") as pool:
            ready = self._ready(pool, flows)
            made = self._columns(ready)
            generation = begin(made)
            if self.found.kind != "sink":
                beside = self.beside()
                replace(beside, found=replace(self.found, columns=made)).ensure(generation)
                self.streams.settle(self.found.key, generation)
            begun = [pool.submit(self._run, each, generation) for each in ready]
            for each in begun:
                try:
                    done.include(each.result())
                except Exception as error:  # noqa: BLE001 - the other flows go on
                    errors.append(error)
        if errors:
            raise errors[0]
        return done

    def _columns(self, ready: Sequence[Ready]) -> Any:
        """Return the columns of a table by its queries as they were made just now."""
        schemas = [each.rows.schema for each in ready if each.rows is not None]
        changing = self.found.kind == "sink" or len(schemas) < len(ready) or not schemas
        if changing or columns.declared(self.spark, self.found.dataset) is not None:
            return self.found.columns
        return columns.united(schemas)

    def _ready(self, pool: ThreadPoolExecutor, flows: Sequence[AnalysedFlow]) -> list[Ready]:
        """Make the queries of flows, so that nothing is emptied for one that cannot be made."""
        begun = [
            pool.submit(self.streams.ready, self.found, each, self.live(each.flow), self.shaped)
            for each in flows
        ]
        wait(begun)
        if any(each.exception() for each in begun):
            for each in begun:
                if not each.exception():
                    each.result().live.close()
        return [each.result() for each in begun]

    def _run(self, ready: Ready, generation: str) -> Written:
        with apart.within(ready.live.session):  # functions of snapshots are people's code, too
            return self.streams.run(self.found, ready, generation)
