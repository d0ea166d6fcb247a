"""Streaming flows: what is new is added, once, wherever the process may have been killed.

A flow's checkpoint belongs to one life of its table, and to nothing else. Spark writes into the
checkpoint what a batch will read before it is read, and Delta notes in the commit which batch it
was, so that a batch is neither lost nor added twice.
"""

from __future__ import annotations

import shutil
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.pipelines.cdc import ChangesInto
from nbkit.pipelines.flow_session import moved
from nbkit.pipelines.live_inputs import expectations_of
from nbkit.pipelines.names import quoted
from nbkit.pipelines.written import Written
from nbkit.quality.metrics import NotMeasuredError
from nbkit.quality.splitting import split

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pyspark.sql import DataFrame

    from nbkit.pipelines.graph import AnalysedDataset, AnalysedFlow
    from nbkit.pipelines.live_inputs import LiveInputs
    from nbkit.quality.expectation import Expectation

    Shape = Callable[[DataFrame, AnalysedDataset], DataFrame]


class Streams:
    """Runs streaming flows; `stop` ends those that run.

    Args:
        storage: the pipeline's folder.
    """

    def __init__(self, storage: Path) -> None:
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
        place = self._checkpoint(found.key, flow.flow.name, generation)
        if flow.flow.changes is not None:
            into = ChangesInto(found, flow.flow.changes, live, place, generation)
            return into.run(self._finished)
        rows = moved(shape(live.frame(flow.flow), found), live.session)
        expectations = expectations_of(found.dataset.rules)
        if rows.isStreaming != flow.streaming:
            was = "a stream" if flow.streaming else "no stream"
            raise UsageError(f"the query of {flow.flow.name} was {was} when it was analysed")
        if not rows.isStreaming:
            return _once(rows, found, flow, expectations, generation)
        if any(each.action == "quarantine" for each in expectations):
            return self._by_batches(rows, found, expectations, place, generation)
        return self._appended(rows, found, live, expectations, place)

    def forget(self, key: str, generation: str) -> None:
        """Remove what earlier lives of a table have left."""
        folder = self._storage / "checkpoints" / key
        for old in folder.iterdir() if folder.is_dir() else ():
            if old.name != generation:
                shutil.rmtree(old, ignore_errors=True)

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
        live: LiveInputs,
        expectations: tuple[Expectation, ...],
        place: Path,
    ) -> Written:
        with ExitStack() as stack:
            for metrics, _ in live.counted.values():
                stack.enter_context(metrics)
            parts = split(rows, expectations, dataset=found.key)
            stack.enter_context(parts.metrics)
            writer = parts.good.writeStream.option("checkpointLocation", str(place))
            writer = writer.trigger(availableNow=True).outputMode("append")
            if found.kind == "sink":
                dataset = found.dataset
                options = dict(dataset.options)
                name = options.pop("tableName", "")
                writer = writer.format(dataset.source_format).options(**options)
                self._finished(writer.toTable(name) if name else writer.start())
            else:
                writer = writer.option("mergeSchema", "true")
                self._finished(writer.toTable(quoted(found.key)))
            written = Written()
            for metrics in (parts.metrics, *(each for each, _ in live.counted.values())):
                written.add(metrics, own=metrics is parts.metrics)
        if not expectations:
            written.outcomes = [each for each in written.outcomes if each.dataset != found.key]
        return written

    def _by_batches(
        self,
        rows: DataFrame,
        found: AnalysedDataset,
        expectations: tuple[Expectation, ...],
        place: Path,
        generation: str,
    ) -> Written:
        """Write good and quarantined rows of each batch, each of them once."""
        written = Written()

        def write(batch: DataFrame, number: int) -> None:
            parts = split(batch, expectations, dataset=found.key)  # holds the batch's rows
            with parts.metrics:
                assert parts.quarantine is not None
                beside = f"{found.key}_quarantine"
                append_once(parts.quarantine, beside, f"{generation}-{beside}", number)
                append_once(parts.good, found.key, f"{generation}-{found.key}", number)
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

    def _checkpoint(self, key: str, flow: str, generation: str) -> Path:
        return self._storage / "checkpoints" / key / generation / flow.replace("/", "_")


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
    application = f"{generation}-{flow.flow.name}"
    written = Written()
    if _has_run(rows, found.key, application):
        return written
    parts = split(rows, expectations, dataset=found.key)
    with parts.metrics:
        append_once(parts.good, found.key, application, 1)
        try:
            written.add(parts.metrics, own=True)
        except NotMeasuredError:  # it had been appended before
            return written
    return written


def _has_run(rows: DataFrame, key: str, application: str) -> bool:
    """Say whether a table has noted a transaction of this application."""
    jvm: Any = rows.sparkSession._jvm  # noqa: SLF001 - Delta's log has no Python API
    session = rows.sparkSession._jsparkSession  # noqa: SLF001
    identifier = session.sessionState().sqlParser().parseTableIdentifier(quoted(key))
    nothing = jvm.scala.Option.empty()
    log = jvm.org.apache.spark.sql.delta.DeltaLog.forTable(session, identifier)
    return bool(log.update(False, nothing, nothing).transactions().contains(application))
