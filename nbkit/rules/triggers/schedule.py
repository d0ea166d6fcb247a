"""`schedule`: at the times of a Quartz expression.

Times that were missed while nothing ran fire once, for the latest of them. Where the clock is set
back, times come again; what fired for them already does not fire again (`Firing.exact`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from nbkit.graph.quartz import Quartz
from nbkit.graph.schedule_checks import zone_of
from nbkit.rules.triggers.deciding import Decision, Firing, late

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from nbkit.graph.triggers import CronSchedule, CronTrigger
    from nbkit.rules.triggers.deciding import Facts, Memory

SHORTEST_MS = 10_000
"""Databricks leaves so much time between two runs of a schedule."""

_BACK = tuple(timedelta(**each) for each in ({"minutes": 1}, {"hours": 1}, {"days": 1}))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def decide(schedule: CronSchedule | CronTrigger, memory: Memory | None, facts: Facts) -> Decision:
    """Decide whether it is time.

    Raises:
        ValueError: there is no such zone, or the expression is none; a sentence for people.
    """
    zone, expression = zone_of(schedule.timezone_id), Quartz.parse(schedule.quartz_cron_expression)
    known = memory or {"last": facts.since, "fired": False}
    # a clock that was set back: whatever lies between is planned again
    last = min(known["last"], facts.now)
    fired = known["fired"] and last == known["last"]
    first = _after(expression, zone, last + SHORTEST_MS - 1 if fired else last)
    kept = {"last": last, "fired": fired}
    if first is None:
        return Decision(kept, look_at=facts.now + 3_600_000)
    if first > facts.now:
        return Decision(kept, look_at=first)
    latest = _latest(expression, zone, first, facts.now)
    firing = Firing(
        latest,
        "periodic",
        {"time": latest},
        exact=True,
        message=late(first, latest, facts.now),
    )
    return Decision({"last": latest, "fired": True}, firing)


def _latest(expression: Quartz, zone: ZoneInfo, first: int, now: int) -> int:
    """Return the last planned time that is not after now, given the first one."""
    for back in _BACK:  # most are near
        near = _after(expression, zone, max(first, now - back // _MILLISECOND) - 1)
        if near is not None and near <= now:
            first = near
            break
    while (following := _after(expression, zone, first)) is not None and following <= now:
        first = following
    return first


def _after(expression: Quartz, zone: ZoneInfo, moment: int) -> int | None:
    found = expression.after(_EPOCH + moment * _MILLISECOND, zone)
    return None if found is None else (found - _EPOCH) // _MILLISECOND
