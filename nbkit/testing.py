"""Public fakes, one for each seam: time, memory and work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.ledger.reader import (
    LIFECYCLE,
    Definition,
    Recorded,
    RunSummary,
    missing_run,
    summary_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbkit.clock import Clock
    from nbkit.events import Event


class FakeClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: int = 0) -> None:
        self._now = now

    def now(self) -> int:
        """Return the time in milliseconds."""
        return self._now

    def advance(self, milliseconds: int) -> None:
        """Let time pass."""
        self._now += milliseconds


class MemoryLedger:
    """A ledger that forgets everything with its process; the same rules as the real one."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or FakeClock()
        self._begun: dict[int, RunSummary] = {}
        self._definitions: dict[int, Definition] = {}
        self._events: dict[int, list[Event]] = {}
        self._canceled: set[int] = set()

    def begin(self, job_name: str, job_id: int, graph_json: str, source: str) -> int:
        """Make a new run of a job and return its id."""
        run_id = len(self._begun) + 1
        self._begun[run_id] = RunSummary(run_id, job_name, job_id, source, self._clock.now())
        self._definitions[run_id] = Definition(graph_json, source)
        self._events[run_id] = []
        return run_id

    def append(self, run_id: int, event: Event) -> None:
        """Record one event of a run."""
        self.append_many(run_id, (event,))

    def append_many(self, run_id: int, recorded: Iterable[Event]) -> None:
        """Record several events of a run, in order."""
        self.definition(run_id)
        self._events[run_id].extend(recorded)

    def read(self, run_id: int) -> list[Event]:
        """Return every event of the run, oldest first."""
        return [recorded.event for recorded in self.events_after(run_id, 0)]

    def events_after(self, run_id: int, seq: int) -> list[Recorded]:
        """Return the run's events after place `seq`; 0 for all."""
        self.definition(run_id)
        found = self._events[run_id][seq:]
        return [Recorded(place, event) for place, event in enumerate(found, seq + 1)]

    def runs(self, job_name: str | None = None, limit: int = 20) -> list[RunSummary]:
        """Return the latest runs, of one job or of all, newest first."""
        wanted = [run for run in self._begun.values() if job_name in {None, run.job_name}]
        return [
            summary_of(
                run, [event for event in self._events[run.run_id] if event.kind in LIFECYCLE]
            )
            for run in wanted[::-1][:limit]
        ]

    def definition(self, run_id: int) -> Definition:
        """Return the job as JSON text, and the file that it came from."""
        if run_id not in self._definitions:
            raise missing_run(run_id, [run.run_id for run in self.runs(limit=5)])
        return self._definitions[run_id]

    def request_cancel(self, run_id: int) -> None:
        """Ask whoever drives the run to end it."""
        self.definition(run_id)
        self._canceled.add(run_id)

    def cancel_requested(self, run_id: int) -> bool:
        """Tell whether somebody asked for the end of the run."""
        return run_id in self._canceled

    def forget_requests(self, run_id: int) -> None:
        """Drop what was asked of an earlier go at the run."""
        self._canceled.discard(run_id)

    def _lifecycle(self, run_id: int) -> list[Event]:
        return [event for event in self._events[run_id] if event.kind in LIFECYCLE]
