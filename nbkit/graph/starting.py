"""Everything that starts a job by itself, and what of it nothing here can heed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.graph.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.graph.fields import Part
    from nbkit.graph.findings import Loc
    from nbkit.graph.model import Job
    from nbkit.graph.triggers import TriggerConfiguration, TriggerSettings

KINDS = (
    "schedule",
    "periodic",
    "file_arrival",
    "table_update",
    "job_completion",
    "continuous",
)
"""What starts a job here, by its field in the settings."""

_NOT_HERE = {
    "model": "there is no registry of models here, so nothing fires it",
    "sql_condition": "its query is kept on Databricks, so it cannot be asked here",
}
_PAUSED = "PAUSED"


def starts(job: Job) -> Iterator[tuple[Loc, str, Part, bool]]:
    """Yield the place, the kind and the settings of what starts a job, and whether it is paused."""
    if job.schedule:
        yield (), "schedule", job.schedule, job.schedule.pause_status == _PAUSED
    if job.continuous:
        yield (), "continuous", job.continuous, job.continuous.pause_status == _PAUSED
    if job.trigger:
        yield from _parts(job.trigger, ("trigger",))
    for number, each in enumerate(job.triggers):
        yield from _parts(each, ("triggers", number))


def never_fires(job: Job) -> Iterator[Finding]:
    """Yield what a job wants to be started by, and never will be here; paused, it may stand."""
    for loc, kind, settings, paused in starts(job):
        if paused:
            continue
        if kind in _NOT_HERE:
            yield Finding((*loc, kind), f"{_NOT_HERE[kind]}; pause it, or leave it out")
        elif kind == "schedule" and getattr(settings, "sql_condition", None):
            why = _NOT_HERE["sql_condition"]
            yield Finding((*loc, kind, "sql_condition"), f"{why}; pause it, or leave it out")


def check_starts(job: Job) -> Iterator[Finding]:
    """Yield what of a job's triggers does nothing here; a run by hand does not mind."""
    for finding in never_fires(job):
        message = f"{finding.message}: `nbkit deploy` refuses it"
        yield finding._replace(message=message, severity="warning")
    for loc, kind, settings, _ in starts(job):
        if getattr(settings, "maintenance_window", None):
            message = "means nothing here: no run is ever restarted for maintenance"
            yield Finding((*loc, kind, "maintenance_window"), message, "note")


def _parts(
    holder: TriggerSettings | TriggerConfiguration, loc: Loc
) -> Iterator[tuple[Loc, str, Part, bool]]:
    for kind in (*KINDS, *_NOT_HERE):
        settings = getattr(holder, kind, None)
        if settings is not None:
            yield loc, kind, settings, holder.pause_status == _PAUSED
