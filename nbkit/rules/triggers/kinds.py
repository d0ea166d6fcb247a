"""The triggers of a job, by what tells them apart; and those that nothing here can fire."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from nbkit.graph.findings import Finding
from nbkit.rules.triggers import (
    continuous,
    file_arrival,
    job_completion,
    periodic,
    schedule,
    table_update,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.graph.fields import Part
    from nbkit.graph.findings import Loc
    from nbkit.graph.model import Job
    from nbkit.graph.triggers import TriggerConfiguration, TriggerSettings
    from nbkit.rules.triggers.deciding import Decision, Facts, Memory

_KINDS = (
    "schedule",
    "periodic",
    "file_arrival",
    "table_update",
    "job_completion",
    "continuous",
)
_NOT_HERE = {
    "model": "there is no registry of models here, so nothing fires it",
    "sql_condition": "its query is kept on Databricks, so it cannot be asked here",
}
_TIMERS = {
    "min_time_between_triggers_seconds",
    "wait_after_last_change_seconds",
    "pause_status",
    "sql_condition",
    "task_retry_mode",
    "maintenance_window",
}
_PAUSED = "PAUSED"


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


def triggers_of(job: Job) -> tuple[Trigger, ...]:
    """Return what starts a job and is not paused, each once."""
    found: dict[str, Trigger] = {}
    for _, kind, settings, paused in _starts(job):
        if kind in _KINDS and not paused:
            key = _key(kind, settings)
            found.setdefault(key, Trigger(kind, settings, key))
    return tuple(found.values())


def never_fires(job: Job) -> Iterator[Finding]:
    """Yield what a job wants to be started by, and never will be here; paused, it may stand."""
    for loc, kind, settings, paused in _starts(job):
        if paused:
            continue
        if kind in _NOT_HERE:
            yield Finding((*loc, kind), f"{_NOT_HERE[kind]}; pause it, or leave it out")
        elif kind == "schedule" and getattr(settings, "sql_condition", None):
            why = _NOT_HERE["sql_condition"]
            yield Finding((*loc, kind, "sql_condition"), f"{why}; pause it, or leave it out")


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


def _starts(job: Job) -> Iterator[tuple[Loc, str, Part, bool]]:
    if job.schedule:
        yield (), "schedule", job.schedule, job.schedule.pause_status == _PAUSED
    if job.continuous:
        yield (), "continuous", job.continuous, job.continuous.pause_status == _PAUSED
    if job.trigger:
        yield from _parts(job.trigger, ("trigger",))
    for number, each in enumerate(job.triggers):
        yield from _parts(each, ("triggers", number))


def _parts(
    holder: TriggerSettings | TriggerConfiguration, loc: Loc
) -> Iterator[tuple[Loc, str, Part, bool]]:
    for kind in (*_KINDS, *_NOT_HERE):
        settings = getattr(holder, kind, None)
        if settings is not None:
            yield loc, kind, settings, holder.pause_status == _PAUSED


def _key(kind: str, settings: Part) -> str:
    """Return a name of at most 40 characters."""
    waited_for = settings.model_dump(mode="json", exclude_none=True, exclude=_TIMERS)
    text = json.dumps(waited_for, sort_keys=True)
    return f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
