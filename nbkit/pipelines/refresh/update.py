"""Update a pipeline: every dataset in its turn, as much at once as the graph allows."""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from nbkit.errors import NbkitError, StuckError
from nbkit.pipelines.declare.configuration import configured
from nbkit.pipelines.refresh.failures import could_pass, message_of
from nbkit.pipelines.refresh.progress import OVER, DatasetProgress, Planned
from nbkit.pipelines.refresh.refresher import Refresher

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from pyspark.sql import SparkSession

    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.refresh.plan import Selection
    from nbkit.pipelines.refresh.progress import FlowState
    from nbkit.pipelines.resolve.graph import AnalysedDataset, PipelineGraph

    Listener = Callable[[DatasetProgress], None]

FLOWS_AT_ONCE = 16
"""Datasets that are refreshed at once, unless the pipeline's configuration says otherwise."""

_TRIES_AGAIN = 2
_PAUSE_SECONDS = 1.0
_LOOK_SECONDS = 0.5


class UpdateFailedError(NbkitError):
    """Datasets of the pipeline could not be refreshed; the others were."""


@dataclass(slots=True)
class Update:
    """One update of a pipeline.

    Attributes:
        graph: the pipeline, free of errors.
        selection: what is refreshed.
        spark: the session that its queries are made in.
        storage: the pipeline's folder of state.
        listeners: hear of everything, in the caller's thread.
        progress: the last word on each dataset.
    """

    graph: PipelineGraph
    selection: Selection
    spark: SparkSession
    storage: HadoopFolder
    listeners: Sequence[Listener] = ()
    progress: dict[str, DatasetProgress] = field(default_factory=dict)
    _said: queue.SimpleQueue[DatasetProgress] = field(default_factory=queue.SimpleQueue)
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> Mapping[str, DatasetProgress]:
        """Refresh what is selected; returns the last word on each dataset.

        A failure keeps what depends on it from running, and nothing else. When it is interrupted,
        it ends what runs and raises the interrupt again.

        Raises:
            StuckError: the graph leaves nothing to begin with.
        """
        refresher = Refresher(self.graph, self.spark, self.storage)
        waiting = {}
        for each in self.graph.stored():
            chosen = each.key in self.selection.refreshed
            state: FlowState = "QUEUED" if chosen else "EXCLUDED"
            self._tell(_said(each, state))
            if state == "QUEUED":
                waiting[each.key] = each
        at_work: list[Future[None]] = []
        at_once = int(self.graph.spec.configuration.get(_SETTING, FLOWS_AT_ONCE))
        with (
            configured(self.spark, self.graph.spec.configuration),
            self._heard_out(),
            ThreadPoolExecutor(at_once, thread_name_prefix="nbkit-flow") as pool,
            self._stopping(refresher, at_work),
        ):
            running = 0
            while waiting or running:
                for key in [key for key in waiting if self._may_start(key)]:
                    at_work.append(pool.submit(self._refresh, refresher, waiting.pop(key)))
                    running += 1
                left = len(waiting)
                self._skip(waiting)
                if not running:
                    if waiting and len(waiting) == left:
                        raise StuckError(f"datasets wait for each other: {', '.join(waiting)}")
                    continue
                said = self._said.get()
                self._tell(said)
                running -= said.state in OVER
        return self.progress

    def _may_start(self, key: str) -> bool:
        """Say whether all that a dataset reads is as it should be."""
        parents = self.graph.stored_parents(key)
        return all(
            self.progress[parent].state in {"COMPLETED", "EXCLUDED"}
            for parent in parents
            if parent in self.progress
        )

    def _skip(self, waiting: dict[str, AnalysedDataset]) -> None:
        """Give up what reads something that failed."""
        for key in list(waiting):
            failed = [
                parent
                for parent in self.graph.stored_parents(key)
                if parent in self.progress and self.progress[parent].state in _NOT_THERE
            ]
            if failed:
                found = waiting.pop(key)
                message = f"{self.progress[failed[0]].name}, which it reads, was not refreshed"
                self._tell(_said(found, "SKIPPED", message))

    def _refresh(self, refresher: Refresher, found: AnalysedDataset) -> None:
        """Refresh a dataset, in a thread of its own; try again where that can help."""
        begun = replace(_said(found, "RUNNING"), started_at=_now())
        if self._stop.is_set():
            self._said.put(_said(found, "STOPPED", "it was stopped"))
            return
        self._said.put(begun)
        full = found.key in self.selection.full
        try:
            self._said.put(self._ended(refresher, found, begun, full=full))
        except BaseException as error:  # noqa: BLE001 - the loop must hear of every end
            state: FlowState = "STOPPED" if self._stop.is_set() else "FAILED"
            said = "it was stopped" if state == "STOPPED" else message_of(error)
            self._said.put(replace(begun, state=state, message=said, ended_at=_now(), error=error))

    def _ended(
        self, refresher: Refresher, found: AnalysedDataset, begun: DatasetProgress, *, full: bool
    ) -> DatasetProgress:
        again = int(self.graph.spec.configuration.get(_RETRIES, _TRIES_AGAIN))
        for attempt in range(again + 1):
            how, facts = refresher.decided(found, full=full)
            self._said.put(replace(begun, how=how.how, planned=Planned(how, facts)))
            try:
                done = refresher.refresh(found, how, facts)
            except Exception as error:
                last = attempt == again or not could_pass(error)
                if last or self._stop.is_set():
                    raise
                said = f"{message_of(error)}; it is tried again"
                self._said.put(replace(begun, state="RETRYING", message=said, error=error))
                self._stop.wait(_PAUSE_SECONDS * 2**attempt)
                continue
            if done.instead:  # planned once more, in the middle of it
                how = done.instead
                self._said.put(replace(begun, how=how.how, planned=Planned(how, facts)))
            return replace(
                begun,
                state="COMPLETED",
                message="; ".join(filter(None, (f"{how.words}: {how.why}", done.said))),
                how=how.how,
                rows=done.rows,
                dropped=done.dropped,
                merged=done.merged,
                ended_at=_now(),
                outcomes=tuple(done.outcomes),
            )
        raise AssertionError("the last try has either returned or raised")

    @contextmanager
    def _heard_out(self) -> Iterator[None]:
        """Pass on what was said last, also after an interrupt."""
        try:
            yield
        finally:
            while not self._said.empty():
                self._tell(self._said.get())

    @contextmanager
    def _stopping(self, refresher: Refresher, at_work: Sequence[Future[None]]) -> Iterator[None]:
        """End what runs when the update is interrupted, and then wait for it."""
        try:
            yield
        except BaseException:
            self._stop.set()
            left: Collection[Future[None]] = at_work
            while left:  # more than once: a flow may just have been about to start its next job
                refresher.streams.stop()
                self.spark.sparkContext.cancelAllJobs()
                left = wait(left, timeout=_LOOK_SECONDS).not_done
            raise

    def _tell(self, said: DatasetProgress) -> None:
        self.progress[said.key] = said
        for listener in self.listeners:
            listener(said)


_SETTING = "spark.sql.pipelines.execution.maxConcurrentFlows"
_RETRIES = "pipelines.maxFlowRetryAttempts"
_NOT_THERE = {"FAILED", "SKIPPED", "STOPPED"}


def raise_for_failures(progress: Mapping[str, DatasetProgress]) -> None:
    """Stop here if a dataset was not refreshed.

    Raises:
        UpdateFailedError: it names each that failed, with the reason.
    """
    failed = [each for each in progress.values() if each.state == "FAILED"]
    skipped = sum(each.state == "SKIPPED" for each in progress.values())
    if not failed:
        return
    more = f", and {skipped} skipped that read them" if skipped else ""
    names = ", ".join(each.name for each in failed)
    lines = [f"{names} failed{more}: {failed[0].message}"]
    lines += [f"  {each.name}: {each.message}" for each in failed[1:]]
    raise UpdateFailedError("\n".join(lines))


def _said(found: AnalysedDataset, state: FlowState, message: str = "") -> DatasetProgress:
    return DatasetProgress(found.key, found.kind, state, message, name=found.written)


def _now() -> int:
    return int(time.time() * 1000)
