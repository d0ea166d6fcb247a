"""The triggers of a job, by what tells them apart."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from nbkit.graph.starting import KINDS, starts
from nbkit.rules.triggers import (
    continuous,
    file_arrival,
    job_completion,
    periodic,
    schedule,
    table_update,
)

if TYPE_CHECKING:
    from nbkit.graph.fields import Part
    from nbkit.graph.model import Job
    from nbkit.rules.triggers.deciding import Decision, Facts, Memory

_TIMERS = {
    "min_time_between_triggers_seconds",
    "wait_after_last_change_seconds",
    "pause_status",
    "sql_condition",
    "task_retry_mode",
    "maintenance_window",
}


@dataclass(frozen=True, slots=True)
class Trigger:
    """Something that starts a job, and is not paused.

    Attributes:
        kind: its field in the settings.
        settings: what that holds.
        key: the same as long as it waits for the same; timers may change.
    """

    kind: str
    settings: Part
    key: str

    @classmethod
    def of(cls, kind: str, settings: Part) -> Trigger:
        """Return what settings of a kind make, with its key."""
        return cls(kind, settings, _key(kind, settings))


def triggers_of(job: Job) -> tuple[Trigger, ...]:
    """Return what starts a job and is not paused, each once."""
    found: dict[str, Trigger] = {}
    for _, kind, settings, paused in starts(job):
        if kind in KINDS and not paused:
            trigger = Trigger.of(kind, settings)
            found.setdefault(trigger.key, trigger)
    return tuple(found.values())


def paused_kinds(job: Job) -> tuple[str, ...]:
    """Return the kinds of what would start a job if it were not paused, each once."""
    return tuple(dict.fromkeys(kind for _, kind, _, paused in starts(job) if paused))


def decide(trigger: Trigger, memory: Memory | None, facts: Facts) -> Decision:
    """Decide whether a trigger fires now.

    Raises:
        ValueError: it cannot be understood; a sentence for people.
    """
    settings = cast("Any", trigger.settings)
    match trigger.kind:
        case "schedule":
            return schedule.decide(settings, memory, facts)
        case "periodic":
            return periodic.decide(settings, memory, facts)
        case "file_arrival":
            return file_arrival.decide(settings, memory, facts)
        case "table_update":
            return table_update.decide(settings, memory, facts)
        case "job_completion":
            return job_completion.decide(settings, memory, facts)
    return continuous.decide(memory, facts)


def _key(kind: str, settings: Part) -> str:
    """Return a name of at most 40 characters."""
    waited_for = settings.model_dump(mode="json", exclude_none=True, exclude=_TIMERS)
    text = json.dumps(waited_for, sort_keys=True)
    return f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
