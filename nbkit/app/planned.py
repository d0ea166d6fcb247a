"""When jobs are to start by themselves."""

from __future__ import annotations

import heapq
import itertools
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from nbkit.app.loading import load
from nbkit.app.located import located
from nbkit.bundle_files import keys_in, whole_bundle
from nbkit.graph.address import Address
from nbkit.graph.quartz import Quartz
from nbkit.graph.schedule_checks import zone_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbkit.graph.model import Job
    from nbkit.graph.triggers import CronSchedule, CronTrigger, PeriodicTrigger

_PAUSED = "PAUSED"


@dataclass(frozen=True, slots=True)
class Planned:
    """When a job is to start.

    Attributes:
        name: of the job.
        next: the first times, in UTC; none for a job that no time starts.
        paused: whether it has times and they are paused.
    """

    name: str
    next: tuple[datetime, ...]
    paused: bool = False


def planned(
    job: str,
    count: int,
    start: datetime,
    *,
    target: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> list[Planned]:
    """Return when a job, or each job of a bundle, is to start next.

    Args:
        job: a file, a bundle, or `FILE:job_key`.
        count: how many times of each.
        start: only later ones.
        target: of the bundle; by default its own.
        variables: values of the bundle's variables.

    Raises:
        UsageError: there is no such file.
        DefinitionError: a job is invalid.
    """
    found = []
    for name in _jobs_in(job, target):
        settings = load(name, target=target, variables=variables).graph.job
        firings = itertools.islice(times(settings, start), count)
        found.append(Planned(settings.name, tuple(firings), _is_paused(settings)))
    return found


def times(job: Job, start: datetime) -> Iterator[datetime]:
    """Yield the times at which a job starts, in UTC and in order; none while that is paused."""
    series: list[Iterator[datetime]] = []
    if job.schedule and job.schedule.pause_status != _PAUSED:
        series.append(_by_cron(job.schedule, start))
    if job.trigger and job.trigger.periodic and job.trigger.pause_status != _PAUSED:
        series.append(_by_interval(job.trigger.periodic, start))
    for each in job.triggers:
        if each.pause_status == _PAUSED:
            continue
        if each.schedule:
            series.append(_by_cron(each.schedule, start))
        if each.periodic:
            series.append(_by_interval(each.periodic, start))
    for moment, _ in itertools.groupby(heapq.merge(*series)):
        yield moment


def _by_cron(schedule: CronSchedule | CronTrigger, start: datetime) -> Iterator[datetime]:
    expression, zone = Quartz.parse(schedule.quartz_cron_expression), zone_of(schedule.timezone_id)
    moment: datetime | None = start
    while moment is not None and (moment := expression.after(moment, zone)) is not None:
        yield moment


def _by_interval(periodic: PeriodicTrigger, start: datetime) -> Iterator[datetime]:
    """Yield every interval from now on: the first one is for the scheduler to choose.

    One that is no time, of which `validate` warns, or too long for a calendar, has no next one.
    """
    if periodic.interval < 1:
        return
    moment = start.astimezone(UTC).replace(microsecond=0)
    with suppress(OverflowError):
        step = timedelta(**{periodic.unit.lower(): periodic.interval})
        while True:
            moment += step
            yield moment


def _is_paused(job: Job) -> bool:
    starting = [job.schedule, job.trigger, *job.triggers]
    timed = [
        each
        for each in starting
        if each is not None
        and (each is job.schedule or getattr(each, "periodic", None) or hasattr(each, "schedule"))
    ]
    return bool(timed) and all(each.pause_status == _PAUSED for each in timed)


def _jobs_in(job: str, target: str | None) -> list[str]:
    """Return the jobs of a file, each as `load` takes it."""
    address = Address.parse(job)
    path, key = located(address)
    keys = () if key or not path.is_file() else keys_in(whole_bundle(path, None)[0], target=target)
    return [f"{path}:{each}" for each in keys] if len(keys) > 1 else [job]
