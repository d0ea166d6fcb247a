"""The deployed jobs of a project as a person asks for them: state, next time, last result."""

from __future__ import annotations

import itertools
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from nbkit import on_disk
from nbkit.app import history
from nbkit.app.decided import KnownJob, remembered
from nbkit.app.deployed import file_of
from nbkit.app.planned import times
from nbkit.app.serving import is_served
from nbkit.app.waiting import waits_of_files, waits_of_runs, waits_of_triggers
from nbkit.ledger.store import Ledger

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from nbkit.app.waiting import Wait
    from nbkit.ledger.deployed import DeployedJob
    from nbkit.ledger.watching import Fired, Watches
    from nbkit.settings import Settings

_LOOKED_BACK = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

State = Literal["running", "queued", "paused", "waiting", "by hand"]


@dataclass(frozen=True, slots=True)
class Overview:
    """One deployed job.

    Attributes:
        job: as deployed.
        state: what it does.
        triggers: the kinds of what starts it and is not paused.
        next: the next times, in UTC; none if no time starts it.
        last: the record of its last run, in the shape of `runs/list`; None if there was none.
        fired: its last firing; None if there was none.
        missing: the file that it was deployed from, if that is gone.
        waits: why it does not start, and what it waits for.
    """

    job: DeployedJob
    state: State
    triggers: tuple[str, ...]
    next: tuple[datetime, ...]
    last: dict[str, Any] | None
    fired: Fired | None
    missing: str = ""
    waits: tuple[Wait, ...] = ()


class Expected(NamedTuple):
    """What starts a job by itself: the kinds of its triggers that are not paused, and when."""

    triggers: tuple[str, ...]
    next: tuple[datetime, ...]


def overview(settings: Settings, *, count: int = 1) -> list[Overview]:
    """Return all deployed jobs, with as many next times of each."""
    with closing(Ledger(settings.ledger_url, reading=True)) as ledger:
        jobs = ledger.jobs.all()
        if not jobs:
            return []
        now = ledger.watches.now()
        fired = ledger.watches.last_firings()
        served = is_served(settings)
        ordered = sorted(jobs, key=lambda each: (each.name, each.target, each.job_id))
        seen = [
            (
                known.job,
                expected(known, ledger.watches, now, count),
                waits_of_triggers(known, jobs, ledger.watches, settings, served=served),
            )
            for known in map(KnownJob.of, ordered)
        ]
    return [_overview(job, awaited, waits, fired, settings) for job, awaited, waits in seen]


def expected(known: KnownJob, watches: Watches, now: int, count: int = 1) -> Expected:
    """Return what starts a deployed job by itself, and when.

    Args:
        known: the job.
        watches: what its triggers have seen.
        now: by the ledger's clock, in epoch milliseconds.
        count: how many of the next times.
    """
    following = itertools.islice(_next(known, watches, now), count)
    return Expected(tuple(dict.fromkeys(each.kind for each in known.triggers)), tuple(following))


def state_of(job: DeployedJob, triggers: Sequence[str], lives: Collection[str]) -> State:
    """Return what a deployed job does.

    Args:
        job: as deployed.
        triggers: what starts it by itself.
        lives: the life cycle states of its latest runs.
    """
    if "RUNNING" in lives:
        return "running"
    if "QUEUED" in lives or "PENDING" in lives:
        return "queued"
    return "waiting" if triggers else "paused" if job.paused else "by hand"


def missing_file(job: DeployedJob, root: Path) -> str:
    """Return the file that a job was deployed from if that is gone; else nothing."""
    file = file_of(job, root)
    gone = file is not None and not on_disk.is_there(file)
    return on_disk.shown(file) if gone and file is not None else ""


def _overview(
    job: DeployedJob,
    awaited: Expected,
    waits: tuple[Wait, ...],
    fired: dict[tuple[int, str], Fired],
    settings: Settings,
) -> Overview:
    records = history.runs(settings, job_name=job.name, limit=_LOOKED_BACK)
    mine = [each for each in records if each["job_id"] == job.job_id]
    lives = [each["state"]["life_cycle_state"] for each in mine]
    mine_fired = [each for (job_id, _), each in fired.items() if job_id == job.job_id]
    return Overview(
        job,
        state_of(job, awaited.triggers, lives),
        awaited.triggers,
        awaited.next,
        mine[0] if mine else None,
        max(mine_fired, key=lambda each: each.at, default=None),
        missing_file(job, settings.root),
        (*waits_of_runs(mine), *waits, *waits_of_files(job, settings)),
    )


def _next(known: KnownJob, watches: Watches, now: int) -> list[datetime]:
    """Return the next times; what is periodic goes on from its last one."""
    moment, read = _EPOCH + timedelta(milliseconds=now), known.read
    if read is None:
        return []
    for trigger in known.triggers:
        if trigger.kind == "periodic" and len(known.triggers) == 1:
            _, memory, since = remembered(trigger, known.job, watches)
            last = _EPOCH + timedelta(milliseconds=memory["last"] if memory else since)
            later = (each for each in times(read, last) if each > moment)
            return list(itertools.islice(later, 100))
    return list(itertools.islice(times(read, moment), 100))
