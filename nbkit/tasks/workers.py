"""Attempts at work, each in a thread of its own, and the one queue that they report to.

A task type that crashes is a failed attempt with the crash's traceback: whatever happens in a
thread, its `AttemptFinished` comes out of `wait`.
"""

from __future__ import annotations

import threading
import traceback
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Self

from nbkit.errors import Failure, NbkitError
from nbkit.events import (
    AttemptFinished,
    AttemptProgressed,
    AttemptReported,
    Event,
    Noted,
    TaskValueSet,
    Unit,
)
from nbkit.kernels.attempt import StopRequest
from nbkit.kernels.outcome import failure_of
from nbkit.on_disk import PathError, cause
from nbkit.rules.moves import definition
from nbkit.tasks.progress import Throttle
from nbkit.tasks.registry import unsupported
from nbkit.tasks.work import Ended, TaskFailedError, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from nbkit.clock import Clock
    from nbkit.events import JsonValue
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.commands import StartAttempt, StopAttempt
    from nbkit.rules.state import RunState
    from nbkit.tasks.work import TaskType
    from nbkit.wire import Report, SparkWork

    Working = Callable[[Unit, SparkWork | None], None]

_WOKEN = None
"""What `wake` puts into the queue."""


class Workers:
    """The tasks of a run, for `nbkit.scheduler.drive`.

    As a context manager it leaves no attempt at work behind.

    Args:
        graph: what the tasks are.
        types: who runs which type of task; see `nbkit.tasks.registry`.
        clock: tells the time of what happens.
        kill: ends at once whatever the task types have running.
        working: is told, in whichever thread, what Spark does for an attempt; None at its end.
        patience_seconds: how long to wait on leaving for attempts that were still at work.
    """

    def __init__(
        self,
        graph: RunGraph,
        types: Mapping[str, TaskType],
        clock: Clock,
        *,
        kill: Callable[[], None] | None = None,
        working: Working = lambda _unit, _work: None,
        patience_seconds: float = 10,
    ) -> None:
        self._graph = graph
        self._types = types
        self._clock = clock
        self._kill = kill
        self._working = working
        self._patience_seconds = patience_seconds
        # SimpleQueue, because a signal handler may put while this thread gets.
        self._queue: SimpleQueue[Event | None] = SimpleQueue()
        self._throttle = Throttle()
        self._running: dict[Unit, _Running] = {}

    def __enter__(self) -> Self:
        """Take the workers into use."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what still runs, which is nothing unless the run broke off."""
        if not self._running:
            return
        self.kill()
        for running in self._running.values():
            running.thread.join(self._patience_seconds)

    def submit(self, command: StartAttempt, state: RunState) -> None:
        """Begin an attempt in a thread of its own."""
        task = definition(self._graph, command.unit)
        work = Work(command, self._graph.job, task, state)
        stop = StopRequest()
        thread = threading.Thread(
            target=self._work,
            args=(work, stop),
            name=f"nbkit attempt {command.task_run_id}",
            daemon=True,
        )
        self._running[command.unit] = _Running(thread, stop)
        thread.start()

    def stop(self, command: StopAttempt) -> None:
        """Ask an attempt to end; one that is over already is left alone."""
        if command.unit in self._running:
            self._running[command.unit].stop.request(command.cause)

    def kill(self) -> None:
        """End every attempt at once."""
        for running in self._running.values():
            running.stop.request("canceled")
        if self._kill is not None:
            self._kill()

    def wake(self) -> None:
        """Make `wait` return; may be called from a signal handler and from any thread."""
        self._queue.put(_WOKEN)

    def wait(self, until: int | None) -> Sequence[Event]:
        """Return what happened, as soon as something did; nothing at `until` or when woken."""
        while True:
            happened, woken = self._take(until)
            now = self._clock.now()
            happened.extend(self._throttle.due(now))
            if happened or woken or (until is not None and until <= now):
                return happened

    def _take(self, until: int | None) -> tuple[list[Event], bool]:
        """Wait for one report at most, then return all that there are."""
        happened: list[Event] = []
        woken = False
        timeout = self._seconds_to(until)
        while True:
            try:
                event = self._queue.get(timeout=timeout)
            except Empty:
                return happened, woken
            timeout = 0
            match event:
                case None:
                    woken = True
                case AttemptProgressed():
                    self._throttle.offer(event)
                case _:
                    if isinstance(event, AttemptFinished):
                        self._throttle.forget(event.unit)
                        del self._running[event.unit]
                    happened.append(event)

    def _seconds_to(self, until: int | None) -> float | None:
        dues = [due for due in (until, self._throttle.next_due()) if due is not None]
        return max(0, min(dues) - self._clock.now()) / 1000 if dues else None

    def _work(self, work: Work, stop: StopRequest) -> None:
        """Run one attempt; the body of its thread."""
        command = work.command
        run = self._types.get(work.task.kind, unsupported)
        reports = _Reports(self._queue, self._clock, command, self._working)
        try:
            ended = run(work, reports, stop)
        except TaskFailedError as error:
            ended = Ended("FAILED", failure=_failure(error))
            if error.cause == "unsupported" and work.state.skip_unsupported:
                reports.noted(f"Left out: {error}")
                ended = Ended("EXCLUDED")
        except BaseException as error:  # noqa: BLE001 - a thread that dies silently hangs the run
            ended = Ended("FAILED", failure=_failure(error))
        self._working(command.unit, None)
        finished = AttemptFinished(
            at=self._clock.now(),
            unit=command.unit,
            attempt=command.attempt,
            result=ended.result,
            exit_value=ended.exit_value,
            failure=ended.failure,
            output_notebook=ended.output_notebook,
            child_run_id=ended.child_run_id,
        )
        self._queue.put(finished)


@dataclass(frozen=True, slots=True)
class _Running:
    thread: threading.Thread
    stop: StopRequest


class _Reports:
    """Turns what a task type tells into events of its attempt."""

    def __init__(
        self,
        queue: SimpleQueue[Event | None],
        clock: Clock,
        command: StartAttempt,
        working: Working,
    ) -> None:
        self._queue = queue
        self._clock = clock
        self._unit = command.unit
        self._attempt = command.attempt
        self._working = working

    def progressed(self, cell: int, cells: int) -> None:
        now = self._clock.now()
        self._queue.put(AttemptProgressed(now, self._unit, self._attempt, cell, cells))

    def value_set(self, key: str, value: JsonValue) -> None:
        self._queue.put(TaskValueSet(self._clock.now(), self._unit, key, value))

    def reported(self, report: Report) -> None:
        at = self._clock.now()
        self._queue.put(AttemptReported(at, self._unit, self._attempt, {**report}))

    def working(self, work: SparkWork) -> None:
        self._working(self._unit, work)

    def noted(self, message: str) -> None:
        self._queue.put(Noted(self._clock.now(), message, self._unit.task_key))


def _failure(error: BaseException) -> Failure:
    if isinstance(error, TaskFailedError):
        return Failure(error.cause, str(error))
    if isinstance(error, PathError):
        return Failure("notebook_unreadable", str(error))
    failure = failure_of(error)
    if isinstance(error, OSError):  # the machine's refusal, such as a full disk
        failure = replace(failure, message=cause(error))
    if isinstance(error, NbkitError):
        return replace(failure, message=str(error))
    return replace(failure, traceback="".join(traceback.format_exception(error)))
