"""Who listens to a run: what shows it, and what tells the people whom the job names."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbkit.notify.deliver import Notifier
from nbkit.rules.apply import apply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from nbkit.clock import Clock
    from nbkit.events import Event, Noted
    from nbkit.graph.run_graph import RunGraph
    from nbkit.ledger.store import Ledger
    from nbkit.rules.state import RunState
    from nbkit.scheduler.loop import Observer
    from nbkit.settings import Settings

    View = Callable[["Begun"], AbstractContextManager[Observer]]


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that is about to go on; what views need to show it.

    Attributes:
        run_id: its id.
        graph: what runs.
        directory: the run's folder, where output notebooks and the report go.
        settings: of the project.
        inner: whether it is part of another run, which is shown already.
    """

    run_id: int
    graph: RunGraph
    directory: Path
    settings: Settings
    inner: bool = False


class Audience:
    """Hears of a run one event at a time, whichever thread it comes from.

    Args:
        begun: the run.
        state: as it stands.
        ledger: where events go that do not come from the loop.
        show: shows the run.
    """

    def __init__(self, begun: Begun, state: RunState, ledger: Ledger, show: Observer) -> None:
        self._begun = begun
        self._state = state
        self._ledger = ledger
        self._show = show
        self._others: list[Observer] = []
        self._lock = threading.Lock()

    def hear(self, event: Event, state: RunState) -> None:
        """Take an event that is on record, with the state after it."""
        with self._lock:
            self._state = state
            for observer in (self._show, *self._others):
                observer(event, state)

    def tell(self, event: Event) -> None:
        """Record an event before the loop begins, and let it be heard."""
        self._ledger.append(self._begun.run_id, event)
        self.hear(event, apply(self._begun.graph, self._state, event))

    def note(self, noted: Noted) -> None:
        """Record something that changes no state, at any time, and let it be shown."""
        self._ledger.append(self._begun.run_id, noted)
        with self._lock:
            self._show(noted, self._state)

    def also(self, observer: Observer) -> None:
        """Let somebody else hear what happens."""
        self._others.append(observer)


@contextmanager
def audience(
    begun: Begun, state: RunState, ledger: Ledger, clock: Clock, view: View | None
) -> Iterator[Audience]:
    """Gather who listens to a run.

    The view ends last, so that it shows also which message could not be delivered after the end.

    Args:
        begun: the run.
        state: as it stands.
        ledger: where notes go.
        clock: tells their time.
        view: shows the run; None for nobody.
    """
    with (view or _unseen)(begun) as show:
        listening = Audience(begun, state, ledger, show)
        with Notifier(begun.graph, begun.settings.notify, clock, listening.note) as notifier:
            listening.also(notifier.on_event)
            yield listening


@contextmanager
def _unseen(begun: Begun) -> Iterator[Observer]:
    del begun
    yield lambda _event, _state: None
