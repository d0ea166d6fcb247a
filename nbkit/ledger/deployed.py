"""Deployed jobs: the settings that they run with, where those came from, who put them there."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, delete, insert, inspect, select, text, update

from nbkit.errors import JobNotFoundError
from nbkit.graph.pausing import is_paused
from nbkit.graph.validation import read_job
from nbkit.ledger.codec import storable
from nbkit.ledger.database import clear_errors
from nbkit.ledger.lease import clock_of
from nbkit.ledger.tables import firings, jobs, watches
from nbkit.rules.triggers.deciding import fresh
from nbkit.rules.triggers.kinds import triggers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import Engine, Select

DEPLOYED = "deployed:"
"""How the source of a deployed job's run begins; the job's number follows."""

_LARGEST = 2**63 - 1
_VERSIONS = select(jobs.c.job_id, jobs.c.updated_at)
_DEPLOYING = 7_213_077_456
"""Whoever deploys to a ledger holds this lock of PostgreSQL."""


@dataclass(frozen=True, slots=True)
class DeployedJob:
    """A job that is deployed.

    Attributes:
        job_id: the same for as long as it is deployed.
        name: as its settings say.
        settings: as the Jobs API has `JobSettings`; paths are relative to the file of `source`.
        source: the address that it was deployed from, as `app.definition.Definition.source`
            says; empty if the API made it, and paths are then relative to `root`.
        target: of the bundle; empty if none was named.
        root: the folder of the project that it was deployed from.
        creator, editor: who deployed it first, and last.
        created_at, updated_at: when, in milliseconds by the clock of the ledger.
    """

    job_id: int
    name: str
    settings: dict[str, Any]
    source: str = ""
    target: str = ""
    root: str = ""
    creator: str = ""
    editor: str = ""
    created_at: int = 0
    updated_at: int = 0

    @property
    def paused(self) -> bool:
        """Whether what would start it by itself is paused."""
        return is_paused(self.settings)


class Deployment(NamedTuple):
    """What came of a deployment, in the order of what was deployed."""

    jobs: tuple[DeployedJob, ...]
    new: frozenset[int]
    removed: tuple[DeployedJob, ...]


class DeployedJobs:
    """The deployed jobs of a ledger; every change is one transaction."""

    def __init__(self, engine: Engine, url: str) -> None:
        self._engine = engine
        self._url = url

    def all(self, *, name: str | None = None) -> list[DeployedJob]:
        """Return all jobs, or those of a name, the newest first."""
        wanted = select(jobs).order_by(jobs.c.created_at.desc(), jobs.c.job_id.desc())
        return self._found(wanted if name is None else wanted.where(jobs.c.name == name))

    def get(self, job_id: int) -> DeployedJob:
        """Return one.

        Raises:
            JobNotFoundError: there is none of that id.
        """
        found = self.find(job_id)
        if found is None:
            raise JobNotFoundError(job_id)
        return found

    def find(self, job_id: int) -> DeployedJob | None:
        """Return one, if it is deployed."""
        if abs(job_id) > _LARGEST:
            return None
        found = self._found(select(jobs).where(jobs.c.job_id == job_id))
        return found[0] if found else None

    def versions(self) -> dict[int, int]:
        """Return when each job was changed last, by its id."""
        with clear_errors(self._url), self._engine.connect() as connection:
            return {row.job_id: row.updated_at for row in connection.execute(_VERSIONS)}

    def deploy(
        self,
        wanted: Sequence[DeployedJob],
        *,
        replaces: Callable[[DeployedJob], bool] = lambda _: False,
    ) -> Deployment:
        """Put jobs in place, new or over what is there under their ids: all of them, or none.

        Args:
            wanted: the jobs, with who deploys them as `editor`; times are filled in.
            replaces: says of another deployed job whether it is to go.
        """
        with self._changing() as connection:
            now = clock_of(connection)
            there = {job.job_id: job for job in _read(connection, select(jobs))}
            placed = []
            for job in wanted:
                before = there.pop(job.job_id, None)
                made = replace(
                    job,
                    creator=before.creator if before else job.editor,
                    created_at=before.created_at if before else now,
                    # grows with every change, whatever the clock does: it tells them apart
                    updated_at=max(now, before.updated_at + 1) if before else now,
                )
                _put(connection, made, new=before is None)
                placed.append((made, before is None))
            removed = tuple(job for job in there.values() if replaces(job))
            for job in removed:
                _remove(connection, job.job_id)
        new = frozenset(job.job_id for job, is_new in placed if is_new)
        return Deployment(tuple(job for job, _ in placed), new, removed)

    def change(
        self,
        job_id: int,
        change: Callable[[dict[str, Any]], Mapping[str, Any]],
        *,
        editor: str,
    ) -> DeployedJob:
        """Give a job other settings, which `change` makes of those that it has.

        Raises:
            JobNotFoundError: there is none of that id.
        """
        with self._changing() as connection:
            found = _read(connection, select(jobs).where(jobs.c.job_id == job_id))
            if not found:
                raise JobNotFoundError(job_id)
            before = found[0]
            settings = dict(change(before.settings))
            name = str(settings.get("name", "Untitled"))
            now = max(clock_of(connection), before.updated_at + 1)
            made = replace(before, name=name, settings=settings, editor=editor, updated_at=now)
            _put(connection, made, new=False)
        return made

    def remove(self, job_id: int) -> DeployedJob:
        """Let a job be deployed no more; its runs stay on record.

        Raises:
            JobNotFoundError: there is none of that id.
        """
        with self._changing() as connection:
            found = _read(connection, select(jobs).where(jobs.c.job_id == job_id))
            if not found:
                raise JobNotFoundError(job_id)
            _remove(connection, job_id)
        return found[0]

    def _found(self, wanted: Select[tuple[object, ...]]) -> list[DeployedJob]:
        with clear_errors(self._url), self._engine.connect() as connection:
            if not inspect(connection).has_table(jobs.name):  # of an older nbkit, only read
                return []
            return _read(connection, wanted)

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """One at a time: what is read in it stays true until it is over."""
        with clear_errors(self._url), self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _DEPLOYING})
            else:  # whoever writes to SQLite is alone
                connection.execute(update(jobs).where(jobs.c.job_id == 0).values(job_id=0))
            yield connection


def _read(connection: Connection, wanted: Select[tuple[object, ...]]) -> list[DeployedJob]:
    rows = (row._asdict() for row in connection.execute(wanted))
    return [DeployedJob(**{**row, "settings": json.loads(str(row["settings"]))}) for row in rows]


def _put(connection: Connection, job: DeployedJob, *, new: bool) -> None:
    values = {column.name: getattr(job, column.name) for column in jobs.columns}
    values |= {"name": storable(job.name), "settings": json.dumps(job.settings)}
    if new:
        connection.execute(insert(jobs).values(values))
    else:
        connection.execute(update(jobs).where(jobs.c.job_id == job.job_id).values(values))
    kept = _trigger_keys(job.settings)
    mine = watches.c.job_id == job.job_id
    connection.execute(delete(watches).where(mine, watches.c.trigger.not_in(kept)))
    there = set(connection.scalars(select(watches.c.trigger).where(mine)))
    rows = [
        {
            "job_id": job.job_id,
            "trigger": key,
            "memory": json.dumps(fresh(job.updated_at)),
            "revision": 0,
        }
        for key in kept
        if key not in there
    ]
    if rows:
        connection.execute(insert(watches), rows)


def _trigger_keys(settings: dict[str, Any]) -> list[str]:
    """Return the keys of what starts a job: what is paused forgets what it has seen."""
    job = read_job(settings)[0]
    return [trigger.key for trigger in triggers_of(job)] if job else []


def _remove(connection: Connection, job_id: int) -> None:
    for table in (firings, watches, jobs):
        connection.execute(delete(table).where(table.c.job_id == job_id))
