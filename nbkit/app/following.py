"""A run as it goes on, seen from another process: the ledger's events, folded as they come."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial, reduce
from typing import TYPE_CHECKING

from nbkit.app import history
from nbkit.app.work_board import WorkLook
from nbkit.events import RunRepaired
from nbkit.graph.load import parse_job
from nbkit.rules.apply import apply
from nbkit.rules.state import RunState

if TYPE_CHECKING:
    from nbkit.app.work_board import Works
    from nbkit.graph.run_graph import RunGraph
    from nbkit.ledger.store import Ledger
    from nbkit.settings import Settings


@dataclass(frozen=True, slots=True)
class Seen:
    """A run at one moment; `live` while a process drives it.

    `works` says what Spark does for it, where that is this machine's.
    """

    graph: RunGraph
    state: RunState
    live: bool
    works: Works = field(default_factory=dict)


class Follower:
    """Follows one run; it reads only what is new, and never writes.

    Args:
        run_id: which run.
        ledger: where it is on record; whoever opened it closes it.
        settings: of the project.

    Raises:
        RunNotFoundError: there is no such run.
    """

    def __init__(self, run_id: int, ledger: Ledger, settings: Settings) -> None:
        self.run_id = run_id
        self._settings = settings
        self._ledger = ledger
        self._seq = 0
        self._work = WorkLook(settings.runs_directory / str(run_id))
        self._graph = self._define()
        self._state = RunState.fresh(self._graph)
        self._live: bool | None = None

    def look(self) -> Seen | None:
        """Return the run as it stands; None if nothing has happened since the last look."""
        live = self._ledger.is_live(self.run_id)
        recorded = self._ledger.events_after(self.run_id, self._seq)
        works_anew = live and self._work.changed()
        if not recorded and live == self._live and not works_anew:
            return None
        if any(isinstance(each.event, RunRepaired) for each in recorded):
            self._graph = self._define()
        if recorded:
            self._seq = recorded[-1].seq
        events = (each.event for each in recorded)
        self._state = reduce(partial(apply, self._graph), events, self._state)
        self._live = live
        if not live and not self._state.finished and self._seq:  # its process died
            return Seen(*history.show(self.run_id, self._settings), live=False)
        return Seen(self._graph, self._state, live, self._work.works if live else {})

    def _define(self) -> RunGraph:
        return parse_job(self._ledger.definition(self.run_id).graph).graph


def latest_run(job_id: int, job_name: str, ledger: Ledger) -> int | None:
    """Return the newest run of a job; None if it has none."""
    found = ledger.runs(job_name, limit=20)
    return next((run.run_id for run in found if run.job_id == job_id), None)
