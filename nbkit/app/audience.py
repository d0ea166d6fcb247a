"""Who listens to a run: what shows it, and what tells the people whom the job names."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbkit.app.work_board import WorkBoard
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

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that is about to go on; what views need to show it.

    Attributes:
        run_id: its id.
        graph: what runs.
        directory: the run's folder, where output notebooks and the report go.
        settings: of the project.
        inner: whether it is part of another run, which is shown already.
        board: what Spark does for it right now.
    """

    run_id: int
    graph: RunGraph
    directory: Path
    settings: Settings
    inner: bool = False
    board: WorkBoard = field(init=False)

    def __post_init__(self) -> None:
        """Put up the board."""
        object.__setattr__(self, "board", WorkBoard(self.directory))


class Audience:
    """Those who listen to a run, from whichever thread something comes.

    Args:
        begun: the run.
        state: as it stands.
        ledger: where events go that do not come from the loop.
        show: shows the run; it is called by one thread at a time.

    Attributes:
        observers: who hears of each event, for the loop.
    """

    def __init__(self, begun: Begun, state: RunState, ledger: Ledger, show: Observer) -> None:
        self._begun = begun
        self._state = state
        self._ledger = ledger
        self._show = show
        self._lock = threading.Lock()
        self.observers: list[Observer] = [self._see]

    def tell(self, event: Event) -> None:
        """Record an event before the loop begins, and let everybody hear it."""
        self._ledger.append(self._begun.run_id, event)
        state = apply(self._begun.graph, self._state, event)
        for observer in self.observers:
            observer(event, state)

    def note(self, noted: Noted) -> None:
        """Record something that changes no state, at any time, and let it be shown."""
        self._ledger.append(self._begun.run_id, noted)
        try:
            self._see(noted, None)
        except Exception:  # noqa: BLE001 - a view must not be able to silence a destination
            _log.exception("The view failed at a note; the run goes on.")

    def _see(self, event: Event, state: RunState | None) -> None:
        with self._lock:
            self._state = state or self._state
            self._show(event, self._state)


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
            listening.observers.append(notifier.on_event)
            yield listening


@contextmanager
def _unseen(begun: Begun) -> Iterator[Observer]:
    del begun
    yield lambda _event, _state: None
