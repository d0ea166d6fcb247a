"""Flows of one pipeline while they run: their checkpoints, and the streams to be stopped.

A flow's checkpoint belongs to one life of its table, and to nothing else. Spark writes into the
checkpoint what a batch will read before it is read, and Delta notes in the commit which batch it
was, so that a batch is neither lost nor added twice.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.pipelines.refresh import quarantine
from nbkit.pipelines.refresh.flow_kinds import kind_of
from nbkit.pipelines.refresh.flow_work import FlowWork, application_of
from nbkit.spark.apart import moved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import DataFrame

    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.refresh.live_inputs import LiveInputs
    from nbkit.pipelines.refresh.written import Written
    from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow

    Shape = Callable[[DataFrame, AnalysedDataset], DataFrame]


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
    """Runs flows; `stop` ends those that run.

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
        work = FlowWork(found, flow, live, ready.rows, place, generation, self._finished)
        try:
            written = kind_of(flow, found).run(work)
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
                application = quarantine.application_of(place, application_of(place))
                quarantine.deliver(self._storage.spark, key, place, application)

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
        place = self._place(found, flow, generation)
        return kind_of(flow, found).is_idle(flow, found, place, versions)

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
