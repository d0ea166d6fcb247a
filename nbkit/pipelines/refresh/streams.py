"""Streaming flows: what is new is added, once, wherever the process may have been killed.

A flow's checkpoint belongs to one life of its table, and to nothing else. Spark writes into the
checkpoint what a batch will read before it is read, and Delta notes in the commit which batch it
was, so that a batch is neither lost nor added twice.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.pipelines.refresh import drained, sinks, tables
from nbkit.pipelines.refresh.cdc import ChangesInto
from nbkit.pipelines.refresh.flow_session import moved
from nbkit.pipelines.refresh.live_inputs import expectations_of
from nbkit.pipelines.refresh.written import Written
from nbkit.pipelines.resolve.names import quoted
from nbkit.quality.splitting import split

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.refresh.live_inputs import LiveInputs
    from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow
    from nbkit.quality.expectation import Expectation

    Shape = Callable[[DataFrame, AnalysedDataset], DataFrame]


class Streams:
    """Runs streaming flows; `stop` ends those that run.

    Args:
        storage: the pipeline's folder of state.
    """

    def __init__(self, storage: HadoopFolder) -> None:
        self._storage = storage
        self._running: dict[int, Any] = {}
        self._lock = threading.Lock()
        self._stopped = False

    def run(
        self,
        found: AnalysedDataset,
        flow: AnalysedFlow,
        live: LiveInputs,
        generation: str,
        shape: Shape,
    ) -> Written:
        """Run a flow over everything that is new.

        Args:
            found: the streaming table, or the sink.
            flow: what feeds it.
            live: answers its query.
            generation: the life of the table.
            shape: gives rows the declared columns.
        """
        place = self._place(found, flow, generation)
        try:
            if flow.flow.changes is not None:
                into = ChangesInto(found, flow.flow, live, place, generation)
                written = into.run(self._finished)
            else:
                rows = moved(shape(live.frame(flow.flow), found), live.session)
                written = self._written(rows, found, flow, place, generation)
            for metrics in live.counted.values():
                written.add(metrics, own=False)
        finally:
            live.close()
        return written

    def _written(
        self,
        rows: DataFrame,
        found: AnalysedDataset,
        flow: AnalysedFlow,
        place: HadoopFolder,
        generation: str,
    ) -> Written:
        """Append rows in the way that they, and their expectations, need."""
        expectations = expectations_of(found.dataset.rules)
        if rows.isStreaming != flow.streaming:
            was = "a stream" if flow.streaming else "no stream"
            raise UsageError(f"the query of {flow.flow.name} was {was} when it was analysed")
        if not rows.isStreaming:
            return _once(rows, found, flow, expectations, generation)
        if any(each.action == "quarantine" for each in expectations):
            application = _application(flow, generation)
            return self._by_batches(rows, found, expectations, place, application)
        return self._appended(rows, found, expectations, place)

    def is_idle(
        self,
        found: AnalysedDataset,
        flow: AnalysedFlow,
        generation: str,
        versions: Mapping[str, str],
    ) -> bool:
        """Say whether a flow has nothing new to add, for certain.

        Args:
            found: the streaming table, or the sink.
            flow: what feeds it.
            generation: the life of the table.
            versions: of the tables that it reads, by key: identity and version.
        """
        if flow.streaming or (flow.flow.changes and not flow.flow.changes.snapshots):
            place = self._place(found, flow, generation)
            return drained.is_drained(flow.frame, place, versions)
        return not flow.flow.changes and _has_run(self._storage.spark, found, flow, generation)

    def _place(self, found: AnalysedDataset, flow: AnalysedFlow, generation: str) -> HadoopFolder:
        return self.folder(found.key) / generation / flow.flow.name.replace("/", "_")

    def folder(self, key: str) -> HadoopFolder:
        """Return the folder of a table's, or a sink's, checkpoints."""
        return self._storage / "checkpoints" / key

    def forget(self, key: str, generation: str) -> None:
        """Remove what earlier lives of a table, or a sink, have left."""
        folder = self.folder(key)
        for name in folder.names():
            if len(name) == len(generation) and name != generation:
                (folder / name).remove()

    def stop(self) -> None:
        """End every stream that runs; what is under way is not committed."""
        self._stopped = True
        with self._lock:
            queries = list(self._running.values())
        for query in queries:
            query.stop()

    def _appended(
        self,
        rows: DataFrame,
        found: AnalysedDataset,
        expectations: tuple[Expectation, ...],
        place: HadoopFolder,
    ) -> Written:
        parts = split(rows, expectations, dataset=found.written)
        written = Written()
        with parts.metrics:
            if found.kind == "sink":
                self._finished(sinks.start(parts.good, found.dataset, place))
            else:
                writer = parts.good.writeStream.option("checkpointLocation", str(place))
                writer = writer.trigger(availableNow=True).option("mergeSchema", "true")
                self._finished(writer.outputMode("append").toTable(quoted(found.key)))
            written.add(parts.metrics, own=True)
        if not expectations:
            written.outcomes = []
        return written

    def _by_batches(
        self,
        rows: DataFrame,
        found: AnalysedDataset,
        expectations: tuple[Expectation, ...],
        place: HadoopFolder,
        application: str,
    ) -> Written:
        """Write good and quarantined rows of each batch, each of them once."""
        written = Written()

        def write(batch: DataFrame, number: int) -> None:
            parts = split(batch, expectations, dataset=found.written)  # holds the batch's rows
            with parts.metrics:
                assert parts.quarantine is not None
                beside = f"{found.key}_quarantine"
                append_once(parts.quarantine, beside, application, number)
                append_once(parts.good, found.key, application, number)
                written.add(parts.metrics, own=True)

        writer = rows.writeStream.foreachBatch(write).option("checkpointLocation", str(place))
        self._finished(writer.trigger(availableNow=True).start())
        return written

    def _finished(self, query: Any) -> None:
        """Wait for a stream's end.

        Raises:
            StreamingQueryException: it failed.
        """
        with self._lock:
            self._running[id(query)] = query
        try:
            if self._stopped:
                query.stop()
            query.awaitTermination()
        finally:
            with self._lock:
                del self._running[id(query)]


def append_once(rows: DataFrame, key: str, application: str, number: int) -> None:
    """Append rows to a Delta table, unless this number, or a later one, was appended already."""
    writer = rows.write.format("delta").mode("append").option("mergeSchema", "true")
    writer = writer.option("txnAppId", application).option("txnVersion", number)
    writer.saveAsTable(quoted(key))


def _once(
    rows: DataFrame,
    found: AnalysedDataset,
    flow: AnalysedFlow,
    expectations: tuple[Expectation, ...],
    generation: str,
) -> Written:
    """Append the rows of a flow that runs once in the life of its table."""
    written = Written()
    if _has_run(rows.sparkSession, found, flow, generation):
        return written
    application = _application(flow, generation)
    parts = split(rows, expectations, dataset=found.written)
    with parts.metrics:
        if parts.quarantine is not None:
            append_once(parts.quarantine, f"{found.key}_quarantine", application, 1)
        append_once(parts.good, found.key, application, 1)
        written.add(parts.metrics, own=True)
    return written


def _has_run(
    spark: SparkSession, found: AnalysedDataset, flow: AnalysedFlow, generation: str
) -> bool:
    """Say whether a table has noted a transaction of a flow."""
    snapshot = tables.snapshot_of(spark, found.key)
    noted = snapshot is not None and snapshot.transactions()
    return bool(noted and noted.contains(_application(flow, generation)))


def _application(flow: AnalysedFlow, generation: str) -> str:
    """Return the name that a flow's transactions have in the log of its table."""
    return f"{generation}-{flow.flow.name}"
