"""What a trigger is decided from, and what is decided.

A trigger remembers what it has seen in a small JSON document, its memory. `decide` of each kind
takes that and the facts of the moment, and returns the memory to keep, and a firing if it is time
for one. It reads no clock and no file, so what it returns can be tried out with any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

Memory = Mapping[str, Any]

LATE_MS = 60_000
"""A firing that comes so much after its time says so."""


class Version(NamedTuple):
    """The latest commit of a table: its number, and when it was made."""

    number: int
    at: int


class Completion(NamedTuple):
    """A run of another job that ended; a repaired run ends again."""

    run_id: int
    time: int
    result: str
    at: int

    @property
    def mark(self) -> str:
        """What tells it from all others."""
        return f"{self.run_id}.{self.time}"


class Own(NamedTuple):
    """The last run that this trigger started; `ended_at` is None while it goes on."""

    run_id: int
    ended_at: int | None = None
    result: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at a moment; times are milliseconds by the clock of the ledger.

    Attributes:
        now: the time.
        since: when the job was deployed: what was there before is nothing new.
        files: for file arrival, when each file came, by its name.
        versions: for table updates, the latest version of each table; None for no table.
        completions: for job completion, the last ends of runs, by the job as the trigger names it.
        own: the last run that the trigger started.
        active: whether any run of the job waits or goes on.
    """

    now: int
    since: int
    files: Mapping[str, int] = field(default_factory=dict)
    versions: Mapping[str, Version | None] = field(default_factory=dict)
    completions: Mapping[str, tuple[Completion, ...]] = field(default_factory=dict)
    own: Own | None = None
    active: bool = False


@dataclass(frozen=True, slots=True)
class Firing:
    """A run is to begin.

    Attributes:
        planned_at: the time that it is for.
        type: as `job.trigger.type` says it.
        info: what `job.trigger.…` refers to, by dotted name.
        exact: whether the trigger never fires twice for the same planned time; of others the
            time only says when it was seen.
        message: what a person should know of it, such as that it comes late.
    """

    planned_at: int
    type: str
    info: Mapping[str, Any] = field(default_factory=dict)
    exact: bool = False
    message: str = ""


class Decision(NamedTuple):
    """What is decided.

    Attributes:
        memory: to keep; None to leave it as it is.
        firing: what is to begin; None for nothing.
        look_at: when it is worth to look again; 0 for as soon as there are new facts.
        reason: why nothing fires although something happened.
    """

    memory: Memory | None
    firing: Firing | None = None
    look_at: int = 0
    reason: str = ""


def fresh(since: int) -> Memory:
    """Return the memory of a trigger that has seen nothing, and is there since then."""
    return {"since": since}


def seen_so_far(memory: Memory | None, deployed_at: int) -> tuple[Memory | None, int]:
    """Return a memory, None for a fresh one, and since when its trigger is there."""
    if memory is None or "since" in memory:
        return None, (memory or fresh(deployed_at))["since"]
    return memory, deployed_at


def utc(moment: int) -> str:
    """Return a time as people read it."""
    return f"{datetime.fromtimestamp(moment / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def late(first: int, latest: int, now: int) -> str:
    """Say that planned times were missed, if they were, or that this one comes late."""
    if first != latest:
        return (
            f"The planned times from {utc(first)} to {utc(latest)} were missed while nothing ran; "
            "they fire once, now."
        )
    if now - latest >= LATE_MS:
        return f"It was planned for {utc(latest)}, when nothing ran; it fires now, late."
    return ""
