"""Limits that Databricks sets and nbkit does not need: named before the job meets them there."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from nbkit.graph.findings import Finding, Loc
from nbkit.graph.ignored import is_filled
from nbkit.graph.kinds import KINDS
from nbkit.graph.kinds.for_each import FOR_EACH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.graph.model import Job, Task
    from nbkit.graph.triggers import TriggerConfiguration, TriggerSettings

LONGEST_NAME_BYTES = 4096
SHORTEST_TRIGGER_SECONDS = 60
SHORTEST_SCHEDULE_SECONDS = 10

_TIMERS = ("min_time_between_triggers_seconds", "wait_after_last_change_seconds")
_NOT_OF_BUNDLES = ("edit_mode", "format", "deployment", "environment_variables")
_RUN_AS = ("user_name", "service_principal_name", "group_name")


def check_limits(job: Job, *, bundled: bool = False) -> Iterator[Finding]:
    """Yield a warning for each limit that a job breaks.

    Args:
        job: its fields are valid each on its own.
        bundled: whether it stands in a bundle.
    """
    found = [*_of_job(job), *_of_schedule(job), *_of_trigger(job)]
    if bundled:
        given = [name for name in _NOT_OF_BUNDLES if getattr(job, name)]
        found += [((name,), f"jobs in bundles have no {name}") for name in given]
    for number, task in enumerate(job.tasks):
        loc: Loc = ("tasks", number)
        found += _of_task(task, loc)
        if each := FOR_EACH.of(task):
            found += _of_task(each.task, (*loc, FOR_EACH.name, "task"))
    for at, message in found:
        yield Finding(at, message, "warning")


def _of_job(job: Job) -> Iterator[tuple[Loc, str]]:
    size = len(job.name.encode(errors="replace"))
    if size > LONGEST_NAME_BYTES:
        yield ("name",), f"has {size:,} bytes; Databricks takes {LONGEST_NAME_BYTES:,}"
    given = [name for name in _RUN_AS if job.run_as and getattr(job.run_as, name) is not None]
    if len(given) > 1:
        yield ("run_as",), f"only one of {' and '.join(given)} can be given"


def _of_schedule(job: Job) -> Iterator[tuple[Loc, str]]:
    starts: list[tuple[Loc, str]] = []
    if job.schedule:
        starts.append((("schedule",), job.schedule.quartz_cron_expression))
    for number, each in enumerate(job.triggers):
        if each.schedule:
            loc: Loc = ("triggers", number, "schedule")
            starts.append((loc, each.schedule.quartz_cron_expression))
    for at, expression in starts:
        loc = (*at, "quartz_cron_expression")
        fields = expression.split()
        if fields and _seconds_between(fields[0]) < SHORTEST_SCHEDULE_SECONDS:
            yield loc, f"runs start at least {SHORTEST_SCHEDULE_SECONDS} s after one another"


def _seconds_between(field: str) -> int:
    """Return the shortest time between the seconds that a Quartz field names, within a minute."""
    start, _, step = field.partition("/")
    if step.isdecimal():
        return int(step) or 1
    if start in {"*", "?"}:
        return 1
    seconds = sorted({int(second) for second in start.split(",") if second.isdecimal()})
    return min((later - earlier for earlier, later in pairwise(seconds)), default=60)


def _of_trigger(job: Job) -> Iterator[tuple[Loc, str]]:
    triggers: list[tuple[Loc, TriggerSettings | TriggerConfiguration]] = []
    if job.trigger:
        triggers.append((("trigger",), job.trigger))
    triggers += [(("triggers", number), each) for number, each in enumerate(job.triggers)]
    for at, trigger in triggers:
        for kind in ("file_arrival", "table_update", "model"):
            block = getattr(trigger, kind, None)
            for timer in _TIMERS:
                seconds = getattr(block, timer, None)
                if seconds is not None and 0 < seconds < SHORTEST_TRIGGER_SECONDS:
                    message = f"is {seconds} s; the shortest is {SHORTEST_TRIGGER_SECONDS} s"
                    yield (*at, kind, timer), message
        if trigger.file_arrival and not trigger.file_arrival.url.endswith("/"):
            yield (*at, "file_arrival", "url"), "names a folder, so it ends with /"
        if trigger.periodic and trigger.periodic.interval < 1:
            yield (*at, "periodic", "interval"), "must be at least 1"


def _of_task(task: Task, loc: Loc) -> Iterator[tuple[Loc, str]]:
    for kind in (KINDS[name] for name in task.kinds):
        yield from kind.beyond(getattr(task, kind.name), (*loc, kind.name))
        for name in kind.meaningless:
            if is_filled(getattr(task, name)):
                yield (*loc, name), f"means nothing on {kind.words} tasks"
