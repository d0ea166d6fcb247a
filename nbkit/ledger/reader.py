"""What may be asked of a ledger: all that views ever get to see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from nbkit.errors import RunNotFoundError
from nbkit.events import (
    Event,
    ResultState,
    RunCreated,
    RunFinished,
    RunHeldUp,
    RunPlanned,
    RunRepaired,
    RunStarted,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

LIFECYCLE = (
    "run_created",
    "run_planned",
    "run_held_up",
    "run_started",
    "run_repaired",
    "run_finished",
)
"""Kinds of the events that a summary is made of."""


class TokenTakenError(Exception):
    """A run of this job has the idempotency token already: `run_id`."""

    def __init__(self, run_id: int) -> None:
        self.run_id = run_id
        super().__init__(run_id)


class Recorded(NamedTuple):
    """An event with its place in the run, counted from 1."""

    seq: int
    event: Event


class StartedFrom(NamedTuple):
    """What a run was started from: the job as JSON text, and the file that it came from."""

    graph: str
    source: str


class Episode(NamedTuple):
    """The original run or one of its repairs; one that lost its process has no end."""

    started_at: int
    finished_at: int | None = None
    result: ResultState | None = None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line about a run, from its first and last events.

    `RUNNING` only says that no end was recorded: whether a process still drives the run is
    known to its lease (`nbkit.ledger.lease`). A `planned` one waits for a node that takes it.
    Of `creator` and `pages`, see `nbkit.events.RunCreated`.
    """

    run_id: int
    job_name: str
    job_id: int
    source: str
    created_at: int
    state: Literal["PENDING", "QUEUED", "RUNNING", "TERMINATED"] = "PENDING"
    result: ResultState | None = None
    message: str = ""
    started_at: int | None = None
    finished_at: int | None = None
    episodes: tuple[Episode, ...] = ()
    planned: bool = False
    creator: str = ""
    pages: str = ""

    @property
    def repairs(self) -> int:
        """How often it was taken up again."""
        return max(0, len(self.episodes) - 1)


class Reader(Protocol):
    """A ledger without its pen."""

    def read(self, run_id: int) -> list[Event]:
        """Return every event of the run, oldest first."""
        ...

    def events_after(self, run_id: int, seq: int) -> list[Recorded]:
        """Return the run's events after place `seq`; 0 for all."""
        ...

    def runs(self, job_name: str | None = None, limit: int = 20) -> list[RunSummary]:
        """Return the latest runs, newest first."""
        ...

    def definition(self, run_id: int) -> StartedFrom:
        """Return what the run was started from."""
        ...

    def cancel_requested(self, run_id: int) -> bool:
        """Tell whether somebody asked for the end of the run since it was last taken up."""
        ...

    def is_live(self, run_id: int) -> bool:
        """Tell whether a process drives the run right now, on whichever machine."""
        ...


def summary_of(begun: RunSummary, lifecycle: Sequence[Event]) -> RunSummary:
    """Return the summary of a run, given how it began and its lifecycle events in order."""
    if not lifecycle:
        return begun
    first, last = lifecycle[0], lifecycle[-1]
    record = first if isinstance(first, RunCreated | RunPlanned) else None
    ended = last if isinstance(last, RunFinished) else None
    started = [found.at for found in lifecycle if isinstance(found, RunStarted)]
    held = [found.message for found in lifecycle if isinstance(found, RunHeldUp)]
    before: Literal["PENDING", "QUEUED"] = "QUEUED" if held else "PENDING"
    return RunSummary(
        run_id=begun.run_id,
        job_name=begun.job_name,
        job_id=begun.job_id,
        source=begun.source,
        created_at=begun.created_at,
        state="TERMINATED" if ended else "RUNNING" if started else before,
        result=ended.result if ended else None,
        message=ended.message if ended else held[-1] if held and not started else "",
        started_at=started[0] if started else None,
        finished_at=ended.at if ended else None,
        episodes=_episodes(lifecycle),
        planned=not started and isinstance(first, RunPlanned),
        creator=record.creator if record else "",
        pages=record.pages if record else "",
    )


def _episodes(lifecycle: Sequence[Event]) -> tuple[Episode, ...]:
    episodes: list[Episode] = []
    for event in lifecycle:
        if isinstance(event, RunStarted | RunRepaired):
            episodes.append(Episode(event.at))
        elif isinstance(event, RunFinished) and episodes:
            episodes[-1] = Episode(episodes[-1].started_at, event.at, event.result)
    return tuple(episodes)


def missing_run(run_id: int, latest: Sequence[int]) -> RunNotFoundError:
    """Return the error for a run that is not there; it names some that are."""
    names = ", ".join(map(str, latest))
    known = f"the latest are {names}" if names else "the ledger holds none yet"
    return RunNotFoundError(f"There is no run {run_id}; {known}.")
