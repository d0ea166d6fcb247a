"""Streaming flows: what is new is added, once, wherever the process may have been killed.

A flow's checkpoint belongs to one life of its table, and to nothing else. Spark writes into the
checkpoint what a batch will read before it is read, and Delta notes in the commit which batch it
was, so that a batch is neither lost nor added twice.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.pipelines.refresh import drained, quarantine, replacing, sinks, tables
from nbkit.pipelines.refresh.batches import each_batch
from nbkit.pipelines.refresh.cdc import ChangesInto
from nbkit.pipelines.refresh.live_inputs import expectations_of
from nbkit.pipelines.refresh.quarantine import append_both, append_once, application_of
from nbkit.pipelines.refresh.written import Written
from nbkit.pipelines.resolve import exact_types
from nbkit.pipelines.resolve.names import quoted
from nbkit.quality.splitting import split
from nbkit.spark.apart import moved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import DataFrame

    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.refresh.live_inputs import LiveInputs
    from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow
    from nbkit.quality.expectation import Expectation

    Shape = Callable[[DataFrame, AnalysedDataset], DataFrame]

_FULL = "or refresh the table in full"
_WIDENING = "delta.enableTypeWidening"


@dataclass(frozen=True, slots=True)
class Ready:
    """A flow whose query was made: from here on, only what nobody can know can go wrong.

    Attributes:
        flow: what it is.
        live: answers its query.
        rows: of the query; None for changes.
    """

    flow: AnalysedFlow
    live: LiveInputs
    rows: DataFrame | None


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

    def ready(
        self, found: AnalysedDataset, flow: AnalysedFlow, live: LiveInputs, shape: Shape
    ) -> Ready:
        """Make a flow's query, before anything is written.

        Args:
            found: the streaming table, or the sink.
            flow: what feeds it.
            live: answers its query.
            shape: gives rows the declared columns.

        Raises:
            Exception: whatever the query raises; then `live` is closed.
        """
        if flow.flow.changes is not None:
            return Ready(flow, live, None)
        try:
            rows = moved(shape(live.frame(flow.flow), found), live.session)
            _check_as_analysed(rows, flow)
        except BaseException:
            live.close()
            raise
        return Ready(flow, live, rows)

    def run(self, found: AnalysedDataset, ready: Ready, generation: str) -> Written:
        """Run a flow over everything that is new.

        Args:
            found: the streaming table, or the sink.
            ready: what feeds it.
            generation: the life of the table.

        Raises:
            UsageError: its values would be changed on their way into the table.
        """
        flow, live = ready.flow, ready.live
        place = self._place(found, flow, generation)
        try:
            if ready.rows is None:
                into = ChangesInto(found, flow.flow, live, place, generation)
                written = into.run(self._finished)
            elif flow.flow.replaces is not None:
                given = ready.rows, found, flow.flow.replaces
                written = replacing.replace(*given, place, self._finished)
            else:
                rows = _fitting(ready.rows, found)
                written = self._written(rows, found, place)
            for metrics in live.counted.values():
                written.add(metrics, own=False)
        finally:
            live.close()
        return written

    def settle(self, key: str, generation: str) -> None:
        """Finish what an update that was killed has left between a table and its quarantine."""
        life = self.folder(key) / generation
        for name in life.names():
            place = life / name
            if quarantine.has_staged(place):
                application = application_of(place, f"{generation}-{name}")
                quarantine.deliver(self._storage.spark, key, place, application)

    def _written(self, rows: DataFrame, found: AnalysedDataset, place: HadoopFolder) -> Written:
        """Append rows in the way that they, and their expectations, need."""
        expectations = expectations_of(found.dataset.rules)
        if not rows.isStreaming:
            return _once(rows, found, expectations, place)
        if any(each.action == "quarantine" for each in expectations):
            return self._by_batches(rows, found, expectations, place)
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
        if flow.flow.changes or flow.flow.replaces:
            return False
        place = self._place(found, flow, generation)
        return _has_run(found.key, place) and not quarantine.has_staged(place)

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
    ) -> Written:
        """Write good and quarantined rows of each batch, each of them once."""
        written = Written()

        def write(batch: DataFrame, number: int) -> None:
            parts = split(batch, expectations, dataset=found.written)  # holds the batch's rows
            with parts.metrics:
                append_both(parts, found.key, place, application_of(place, ""), number)
                written.add(parts.metrics, own=True)

        each_batch(rows, write, place, self._finished)
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


def _check_as_analysed(rows: DataFrame, flow: AnalysedFlow) -> None:
    if rows.isStreaming != flow.streaming:
        was = "a stream" if flow.streaming else "no stream"
        raise UsageError(f"the query of {flow.flow.name} was {was} when it was analysed")


def _fitting(rows: DataFrame, found: AnalysedDataset) -> DataFrame:
    """Return rows with the types that the table, or the sink, has.

    Raises:
        UsageError: values would be changed by that.
    """
    spark = rows.sparkSession
    if found.kind == "sink":
        there = sinks.columns_of(spark, found.dataset)
        whose, advice = "the sink's table", "or change the table"
    else:
        state = tables.state_of(spark, found.key)
        assert state is not None
        there = tables.columns_of(spark, found.key)
        if state.properties.get(_WIDENING, "").lower() == "true":
            there = exact_types.widened(there, rows.schema)
        whose, advice = "its table", _FULL
    if there is None:
        return rows
    exact_types.check(rows.schema, there, whose, advice)
    return exact_types.fitted(rows, there)


def _once(
    rows: DataFrame,
    found: AnalysedDataset,
    expectations: tuple[Expectation, ...],
    place: HadoopFolder,
) -> Written:
    """Append the rows of a flow that runs once in the life of its table."""
    written = Written()
    if _has_run(found.key, place):
        return written
    application = _application(place)
    parts = split(rows, expectations, dataset=found.written)
    with parts.metrics:
        if parts.quarantine is not None:
            append_both(parts, found.key, place, application, 1)
        else:
            append_once(parts.good, found.key, application, 1)
        written.add(parts.metrics, own=True)
    return written


def _has_run(key: str, place: HadoopFolder) -> bool:
    """Say whether a table has noted a transaction of a flow that runs once."""
    return tables.transaction_of(place.spark, key, _application(place)) is not None


def _application(place: HadoopFolder) -> str:
    """Return the name that the transactions of a flow without checkpoint have in a table's log."""
    *_, generation, name = str(place).split("/")
    return f"{generation}-{name}"
