"""What triggers have seen, when they fired, and what came of it.

A firing is one transaction with the memory of its trigger and the run that it plans. The memory has
a revision, so of two services that see the same only one fires, and whoever is killed leaves all
of it or nothing. A firing has a key: job, trigger, planned time.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, and_, func, insert, select, update

from nbkit.events import RunFinished
from nbkit.ledger.codec import decode
from nbkit.ledger.database import clear_errors
from nbkit.ledger.lease import (
    FENCES_OF_A_TAKE,
    MOST_TAKES,
    clock_of,
    leases_in,
    open_leases,
)
from nbkit.ledger.tables import events, firings, jobs, leases, runs, watches

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlalchemy import Engine

    from nbkit.ledger.deployed import DeployedJob

_LATEST_RUNS = 200


class TriggerMemory(NamedTuple):
    """What a trigger has seen so far; `memory` is None at first."""

    job_id: int
    trigger: str
    memory: dict[str, Any] | None = None
    revision: int = 0


class Fired(NamedTuple):
    """A firing on record."""

    job_id: int
    trigger: str
    planned_at: int
    at: int
    run_id: int | None
    message: str


class End(NamedTuple):
    """How a run ended; of a repaired one, for the `time`-th time."""

    run_id: int
    time: int
    result: str
    at: int


class Watches:
    """What the triggers of a ledger have seen; it only reads."""

    def __init__(self, engine: Engine, url: str, home: Path | None) -> None:
        self._engine = engine
        self._url = url
        self._home = home

    def now(self) -> int:
        """Return the time by the clock of the database, in milliseconds."""
        with clear_errors(self._url), self._engine.connect() as connection:
            return clock_of(connection)

    def revisions(self) -> dict[tuple[int, str], int]:
        """Return how often the memory of each trigger changed, by job and trigger."""
        wanted = select(watches.c.job_id, watches.c.trigger, watches.c.revision)
        with clear_errors(self._url), self._engine.connect() as connection:
            return {(row.job_id, row.trigger): row.revision for row in connection.execute(wanted)}

    def get(self, job_id: int, trigger: str) -> TriggerMemory:
        """Return what a trigger has seen."""
        mine = and_(watches.c.job_id == job_id, watches.c.trigger == trigger)
        with clear_errors(self._url), self._engine.connect() as connection:
            row = connection.execute(select(watches).where(mine)).first()
        if row is None:
            return TriggerMemory(job_id, trigger)
        return TriggerMemory(job_id, trigger, json.loads(row.memory), row.revision)

    def last_firings(self) -> dict[tuple[int, str], Fired]:
        """Return the last firing of each trigger, by job and trigger."""
        latest = (
            select(firings.c.job_id, firings.c.trigger, func.max(firings.c.planned_at).label("at_"))
            .group_by(firings.c.job_id, firings.c.trigger)
            .subquery()
        )
        same = and_(
            firings.c.job_id == latest.c.job_id,
            firings.c.trigger == latest.c.trigger,
            firings.c.planned_at == latest.c.at_,
        )
        with clear_errors(self._url), self._engine.connect() as connection:
            found = [
                Fired._make(row) for row in connection.execute(select(firings).join(latest, same))
            ]
        return {(each.job_id, each.trigger): each for each in found}

    def last_firing(self, job_id: int, trigger: str) -> Fired | None:
        """Return the last firing of a trigger."""
        mine = select(firings).where(firings.c.job_id == job_id, firings.c.trigger == trigger)
        newest = mine.order_by(firings.c.planned_at.desc()).limit(1)
        with clear_errors(self._url), self._engine.connect() as connection:
            row = connection.execute(newest).first()
        return None if row is None else Fired._make(row)

    def end_of(self, run_id: int) -> End | None:
        """Return how a run ended last; None while it goes on."""
        with clear_errors(self._url), self._engine.connect() as connection:
            lease = connection.execute(select(leases).where(leases.c.run_id == run_id)).first()
            ends = _ends(connection, [run_id])
        over = lease is None or lease.state == "over"
        return ends[-1] if ends and over else None

    def ends_of_job(self, job_id: int) -> list[End]:
        """Return the ends of the latest runs of a job."""
        wanted = select(runs.c.run_id).where(runs.c.job_id == job_id)
        latest = wanted.order_by(runs.c.run_id.desc()).limit(_LATEST_RUNS)
        with clear_errors(self._url), self._engine.connect() as connection:
            return _ends(connection, list(connection.scalars(latest)))

    def is_active(self, job_id: int) -> bool:
        """Tell whether a run of a job goes on, or waits for a process that takes it."""
        most = MOST_TAKES * FENCES_OF_A_TAKE
        with clear_errors(self._url), self._engine.connect() as connection:
            now = clock_of(connection)
            found = leases_in(connection, open_leases(job_id))
        return any(
            (each.planned_at is not None and each.fence < most) or each.is_live(now, self._home)
            for each in found
        )


class StaleError(Exception):
    """A trigger, or its job, is not any more what a decision was made from."""


def change(
    connection: Connection, job: DeployedJob, watch: TriggerMemory, memory: Mapping[str, Any]
) -> None:
    """Give a trigger another memory.

    Raises:
        StaleError: it or its job are not as they were.
        IntegrityError: another process was the first.
    """
    text = json.dumps(dict(memory))
    mine = and_(watches.c.job_id == watch.job_id, watches.c.trigger == watch.trigger)
    if watch.memory is None:
        row = {"job_id": watch.job_id, "trigger": watch.trigger, "memory": text, "revision": 1}
        connection.execute(insert(watches).values(row))
    else:
        same = update(watches).where(mine, watches.c.revision == watch.revision)
        if connection.execute(same.values(memory=text, revision=watch.revision + 1)).rowcount != 1:
            raise StaleError
    version = select(jobs.c.updated_at).where(jobs.c.job_id == job.job_id)
    if connection.scalar(version.with_for_update(read=True)) != job.updated_at:
        raise StaleError


def time_for(
    connection: Connection, watch: TriggerMemory, planned_at: int, *, exact: bool
) -> int | None:
    """Return the planned time of a firing, later if it has been one; None if that says it all."""
    mine = and_(firings.c.job_id == watch.job_id, firings.c.trigger == watch.trigger)
    if exact:
        there = select(firings.c.at).where(mine, firings.c.planned_at == planned_at)
        return planned_at if connection.scalar(there) is None else None
    last = connection.scalar(select(func.max(firings.c.planned_at)).where(mine))
    return planned_at if last is None else max(planned_at, last + 1)


def _ends(connection: Connection, run_ids: list[int]) -> list[End]:
    """Return the ends of runs, in order for each; one that was taken up again counts till then."""
    wanted = (
        select(events.c.run_id, events.c.body)
        .where(events.c.run_id.in_(run_ids), events.c.kind == "run_finished")
        .order_by(events.c.run_id, events.c.seq)
    )
    times: dict[int, int] = {}
    found = []
    for row in connection.execute(wanted):
        event = decode(row.body)
        if isinstance(event, RunFinished):
            times[row.run_id] = times.get(row.run_id, 0) + 1
            found.append(End(row.run_id, times[row.run_id], event.result, event.at))
    return found
