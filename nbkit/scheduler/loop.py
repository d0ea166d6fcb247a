"""The only loop: decide, record, act, wait, until the run is over.

Nothing is acted on before it is on record, so whatever happens to this process, replaying the
ledger gives the state it was in. The loop itself decides nothing: that is `nbkit.rules`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from nbkit.errors import StuckError
from nbkit.events import CancelRequested
from nbkit.rules.apply import apply
from nbkit.rules.commands import StartAttempt, StopAttempt
from nbkit.rules.decide import decide
from nbkit.rules.repair import lost_attempts
from nbkit.scheduler.cancel import CancelWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nbkit.clock import Clock
    from nbkit.events import Event
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.state import RunState

    Record = Callable[[Sequence[Event]], None]
    Observer = Callable[[Event, RunState], None]

_log = logging.getLogger(__name__)


class Tasks(Protocol):
    """Whoever does the work; `nbkit.tasks` fits by its shape, `nbkit.testing` has a fake."""

    def submit(self, command: StartAttempt, state: RunState) -> None:
        """Begin an attempt and return at once; its `AttemptFinished` comes out of `wait`."""
        ...

    def stop(self, command: StopAttempt) -> None:
        """Ask an attempt to end; it still finishes in its own time, as `wait` tells."""
        ...

    def kill(self) -> None:
        """End every attempt at once."""
        ...

    def wait(self, until: int | None) -> Sequence[Event]:
        """Return what happened, as soon as something did; nothing at `until` or when woken."""
        ...

    def wake(self) -> None:
        """Make `wait` return; may be called from a signal handler and from any thread."""
        ...


def drive(
    graph: RunGraph,
    state: RunState,
    tasks: Tasks,
    record: Record,
    clock: Clock,
    *,
    watch: CancelWatch | None = None,
    first: Iterable[Event] = (),
    observers: Sequence[Observer] = (),
) -> RunState:
    """Drive one run to its end and return its last state.

    Args:
        graph: what should run.
        state: where the run stands; attempts it shows as running are taken for lost.
        tasks: who does the work.
        record: puts events on record, all or none, before it returns.
        clock: tells the time.
        watch: tells whether somebody wants the run to end; by default nobody can.
        first: events to begin with: `RunStarted` or `RunRepaired`.
        observers: get every event with the state after it, once it is on record; what they
            raise is logged and hurts nothing.

    Raises:
        StuckError: the rules left the run without anything to wait for.
    """
    course = _Course(graph, state, record, observers)
    watch = watch or CancelWatch()
    course.add(lost_attempts(state, clock.now()))
    course.add(first)
    with watch.waking(tasks.wake):
        while not course.state.finished:
            now = clock.now()
            if watch.kill_wanted():
                tasks.kill()
            if course.state.cancel is None and watch.cancel_wanted(now):
                course.add([CancelRequested(now)])
            decision = decide(graph, course.state, now)
            course.add(command.as_event(now) for command in decision.commands)
            for command in decision.commands:
                if isinstance(command, StartAttempt):
                    tasks.submit(command, course.state)
                elif isinstance(command, StopAttempt):
                    tasks.stop(command)
            if not decision.commands:
                if decision.wake is None and not course.state.running:
                    raise StuckError(f"Run {course.state.run_id} has nothing left to wait for.")
                awaits_cancel = course.state.cancel is None
                until = watch.next_look(now, decision.wake) if awaits_cancel else decision.wake
                course.add(tasks.wait(until))
    return course.state


class _Course:
    """The state of the run, which changes by recorded events alone."""

    def __init__(
        self,
        graph: RunGraph,
        state: RunState,
        record: Record,
        observers: Sequence[Observer],
    ) -> None:
        self.state = state
        self._graph = graph
        self._record = record
        self._observers = observers

    def add(self, events: Iterable[Event]) -> None:
        """Record events together, then let each change the state and tell who listens."""
        happened = tuple(events)
        if not happened:
            return
        self._record(happened)
        for event in happened:
            self.state = apply(self._graph, self.state, event)
            for observer in self._observers:
                try:
                    observer(event, self.state)
                except Exception:  # noqa: BLE001 - a view must not be able to end a run
                    _log.exception("A listener failed at %s; the run goes on.", event.kind)
