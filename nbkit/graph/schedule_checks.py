"""Whether the times at which a job is to start are times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from nbkit.graph.findings import Finding, Loc
from nbkit.graph.quartz import Quartz
from nbkit.near import hint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.graph.model import Job
    from nbkit.graph.triggers import CronSchedule, CronTrigger

_ONCE = datetime(2000, 1, 1, tzinfo=UTC)


def check_schedules(job: Job) -> Iterator[Finding]:
    """Yield what is wrong with cron expressions and time zones."""
    if job.schedule:
        yield from _check(job.schedule, ("schedule",))
    for number, each in enumerate(job.triggers):
        if each.schedule:
            yield from _check(each.schedule, ("triggers", number, "schedule"))


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone, such as `Europe/Berlin`.

    Raises:
        ValueError: there is none of that name; a sentence for people.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = hint(name, sorted(available_timezones()))
        raise ValueError(f"there is no time zone {name}{near}") from None


def _check(schedule: CronSchedule | CronTrigger, at: Loc) -> Iterator[Finding]:
    zone = ZoneInfo("UTC")
    if not _is_open(schedule.timezone_id):
        try:
            zone = zone_of(schedule.timezone_id)
        except ValueError as error:
            yield Finding((*at, "timezone_id"), str(error))
    if _is_open(schedule.quartz_cron_expression):
        return
    loc = (*at, "quartz_cron_expression")
    try:
        fires = Quartz.parse(schedule.quartz_cron_expression).after(_ONCE, zone)
    except ValueError as error:
        yield Finding(loc, str(error))
        return
    if fires is None:
        yield Finding(loc, f"{schedule.quartz_cron_expression} never fires")


def _is_open(text: str) -> bool:
    """Say whether a text has its value only where it is deployed."""
    return "${" in text or "{{" in text
