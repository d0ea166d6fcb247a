"""The deployed jobs of a project as a person asks for them: state, next time, last result."""

from __future__ import annotations

import itertools
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from nbkit import on_disk
from nbkit.app import history
from nbkit.app.deployed import file_of
from nbkit.app.planned import times
from nbkit.graph.validation import read_job
from nbkit.ledger.store import Ledger
from nbkit.rules.triggers.deciding import seen_so_far
from nbkit.rules.triggers.kinds import triggers_of

if TYPE_CHECKING:
    from nbkit.graph.model import Job
    from nbkit.ledger.deployed import DeployedJob
    from nbkit.ledger.watching import Fired, Watches
    from nbkit.rules.triggers.kinds import Trigger
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
    """

    job: DeployedJob
    state: State
    triggers: tuple[str, ...]
    next: tuple[datetime, ...]
    last: dict[str, Any] | None
    fired: Fired | None
    missing: str = ""


def overview(settings: Settings, *, count: int = 1) -> list[Overview]:
    """Return all deployed jobs, with as many next times of each."""
    with closing(Ledger(settings.ledger_url, reading=True)) as ledger:
        jobs = ledger.jobs.all()
        if not jobs:
            return []
        now = ledger.watches.now()
        fired = ledger.watches.last_firings()
        seen = []
        for job in sorted(jobs, key=lambda each: (each.name, each.target, each.job_id)):
            read = read_job(job.settings)[0]
            triggers = triggers_of(read) if read else ()
            following = _next(read, job, triggers, ledger.watches, now) if read else []
            seen.append((job, triggers, tuple(itertools.islice(following, count))))
    return [
        _overview(job, triggers, following, fired, settings) for job, triggers, following in seen
    ]


def _overview(
    job: DeployedJob,
    triggers: tuple[Trigger, ...],
    following: tuple[datetime, ...],
    fired: dict[tuple[int, str], Fired],
    settings: Settings,
) -> Overview:
    records = history.runs(settings, job_name=job.name, limit=_LOOKED_BACK)
    mine = [each for each in records if each["job_id"] == job.job_id]
    lives = [each["state"]["life_cycle_state"] for each in mine]
    state: State = "waiting" if triggers else "paused" if job.paused else "by hand"
    if "QUEUED" in lives or "PENDING" in lives:
        state = "queued"
    if "RUNNING" in lives:
        state = "running"
    mine_fired = [each for (job_id, _), each in fired.items() if job_id == job.job_id]
    file = file_of(job, settings.root)
    gone = file is not None and not on_disk.is_there(file)
    return Overview(
        job,
        state,
        tuple(dict.fromkeys(trigger.kind for trigger in triggers)),
        following,
        mine[0] if mine else None,
        max(mine_fired, key=lambda each: each.at, default=None),
        on_disk.shown(file) if gone and file is not None else "",
    )


def _next(
    read: Job, job: DeployedJob, triggers: tuple[Trigger, ...], watches: Watches, now: int
) -> list[datetime]:
    """Return the next times; what is periodic goes on from its last one."""
    moment = _EPOCH + timedelta(milliseconds=now)
    for trigger in triggers:
        if trigger.kind == "periodic" and len(triggers) == 1:
            memory, since = seen_so_far(watches.get(job.job_id, trigger.key).memory, job.updated_at)
            last = _EPOCH + timedelta(milliseconds=memory["last"] if memory else since)
            later = (each for each in times(read, last) if each > moment)
            return list(itertools.islice(later, 100))
    return list(itertools.islice(times(read, moment), 100))
