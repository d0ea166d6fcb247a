"""What a ledger's database tells: the half of the ledger that reads."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Integer, bindparam, inspect, select

from nbkit.events import RunFinished
from nbkit.ledger.codec import decode, storable
from nbkit.ledger.database import clear_errors, shown
from nbkit.ledger.lease import Lease, clock_of, lease_of, leases_in
from nbkit.ledger.reader import (
    LIFECYCLE,
    Recorded,
    RunSummary,
    StartedFrom,
    missing_run,
    summary_of,
)
from nbkit.ledger.tables import events, leases, requests, runs, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine, Select

    from nbkit.errors import RunNotFoundError
    from nbkit.events import Event

_LARGEST = 2**31 - 1
"""What every database takes for the number of a run."""

_AFTER = (
    select(events.c.seq, events.c.body)
    .where(
        events.c.run_id == bindparam("run", type_=Integer),
        events.c.seq > bindparam("after", type_=Integer),
    )
    .order_by(events.c.seq)
)
_LISTED = select(runs.c.run_id, runs.c.job_name, runs.c.job_id, runs.c.source, runs.c.created_at)


class Archive:
    """Answers about runs; it never writes."""

    def __init__(self, url: str, engine: Engine, home: Path | None) -> None:
        self._home = home
        self._url = url
        self.shown = shown(url)
        self._engine = engine
        self._leased: bool | None = None

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def run_of(self, job_id: int, token: str) -> int | None:
        """Return the run of a job that has this idempotency token, if there is one."""
        wanted = select(tokens.c.run_id).where(tokens.c.job_id == job_id, tokens.c.token == token)
        with self._reading() as connection:
            found = connection.scalar(wanted)
        return None if found is None else int(found)

    def read(self, run_id: int) -> list[Event]:
        """Return every event of the run, oldest first."""
        return [recorded.event for recorded in self.events_after(run_id, 0)]

    def events_after(self, run_id: int, seq: int) -> list[Recorded]:
        """Return the run's events after place `seq`; 0 for all.

        Raises:
            RunNotFoundError: there is no such run.
        """
        self._numbered(run_id)
        with self._reading() as connection:
            rows = connection.execute(_AFTER, {"run": run_id, "after": seq}).all()
        if not rows:
            self._require(run_id)
        return [Recorded(row.seq, decode(row.body)) for row in rows]

    def runs(
        self,
        job_name: str | None = None,
        limit: int = 20,
        *,
        job_id: int | None = None,
        before: int = 0,
        open_only: bool = False,
    ) -> list[RunSummary]:
        """Return the latest runs, of one job or of all, newest first.

        Args:
            job_name: of jobs of this name.
            limit: at most so many.
            job_id: of this job.
            before: with an id below this one; 0 for all.
            open_only: without those whose process ended them.
        """
        wanted = _LISTED.order_by(runs.c.run_id.desc()).limit(min(limit, _LARGEST))
        if job_name is not None:
            wanted = wanted.where(runs.c.job_name == storable(job_name))
        if job_id is not None:
            wanted = wanted.where(runs.c.job_id == job_id)
        if before:
            wanted = wanted.where(runs.c.run_id < before)
        if open_only:
            going = select(leases.c.run_id).where(leases.c.state != "over")
            wanted = wanted.where(runs.c.run_id.in_(going))
        return self._summaries(wanted)

    def summary(self, run_id: int) -> RunSummary:
        """Return one line about a run.

        Raises:
            RunNotFoundError: there is no such run.
        """
        self._numbered(run_id)
        found = self._summaries(_LISTED.where(runs.c.run_id == run_id))
        if not found:
            raise self._missing(run_id)
        return found[0]

    def _summaries(self, wanted: Select[Any]) -> list[RunSummary]:
        with self._reading() as connection:
            begun = [RunSummary(*row) for row in connection.execute(wanted)]
            lifecycle = self._lifecycle(connection, wanted)
        return [summary_of(summary, lifecycle[summary.run_id]) for summary in begun]

    def ended(self, run_id: int) -> bool:
        """Tell whether the end of the run is on record, and nothing after it."""
        with self._reading() as connection:
            return self._ended(connection, run_id)

    def definition(self, run_id: int) -> StartedFrom:
        """Return the job as JSON text, and the file that it came from.

        Raises:
            RunNotFoundError: there is no such run.
        """
        self._numbered(run_id)
        with self._reading() as connection:
            found = connection.execute(
                select(runs.c.graph, runs.c.source).where(runs.c.run_id == run_id)
            ).first()
        if found is None:
            raise self._missing(run_id)
        return StartedFrom(found.graph, found.source)

    def root_of(self, run_id: int) -> str:
        """Return the folder of the project that the run was begun in; empty if not known."""
        with self._reading() as connection:
            return connection.scalar(select(runs.c.root).where(runs.c.run_id == run_id)) or ""

    def roots(self) -> dict[int, str]:
        """Return what `root_of` tells, of all runs."""
        with self._reading() as connection:
            found = connection.execute(select(runs.c.run_id, runs.c.root))
            return {row.run_id: row.root for row in found}

    def cancel_requested(self, run_id: int) -> bool:
        """Tell whether somebody asked for the end of the run since it was last taken up."""
        with self._reading() as connection:
            found = connection.scalar(select(requests.c.at).where(requests.c.run_id == run_id))
        return found is not None

    def is_live(self, run_id: int) -> bool:
        """Tell whether a process drives the run right now, on whichever machine."""
        with self._reading() as connection:
            lease = lease_of(connection, run_id) if self._has_leases(connection) else None
            return lease is not None and lease.is_live(clock_of(connection), self._home)

    def live_runs(self) -> set[int]:
        """Return the ids of all runs that a process drives right now."""
        wanted = select(leases).where(leases.c.state != "over")
        return {lease.run_id for lease in self._live(wanted)}

    def _state(self, run_id: int) -> str | None:
        with self._reading() as connection:
            lease = lease_of(connection, run_id)
            return lease and lease.state

    def _live(self, wanted: Select[tuple[object, ...]]) -> list[Lease]:
        with self._reading() as connection:
            if not self._has_leases(connection):
                return []
            return self._live_in(connection, wanted)

    def _live_in(self, connection: Connection, wanted: Select[tuple[object, ...]]) -> list[Lease]:
        now = clock_of(connection)
        found = leases_in(connection, wanted)
        return [lease for lease in found if lease.is_live(now, self._home)]

    def _has_leases(self, connection: Connection) -> bool:
        """Tell whether there are leases: a ledger of an older nbkit may be read as it is."""
        if not self._leased:
            self._leased = inspect(connection).has_table(leases.name)
        return self._leased

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with clear_errors(self._url), self._engine.connect() as connection:
            yield connection

    def _ended(self, connection: Connection, run_id: int) -> bool:
        wanted = select(runs.c.run_id).where(runs.c.run_id == run_id)
        lifecycle = self._lifecycle(connection, wanted)[run_id]
        return bool(lifecycle) and isinstance(lifecycle[-1], RunFinished)

    def _lifecycle(
        self, connection: Connection, of: Select[tuple[object, ...]]
    ) -> dict[int, list[Event]]:
        found: dict[int, list[Event]] = defaultdict(list)
        which = of.with_only_columns(runs.c.run_id, maintain_column_froms=True).subquery()
        wanted = (
            select(events.c.run_id, events.c.body)
            .join(which, events.c.run_id == which.c.run_id)
            .where(events.c.kind.in_(LIFECYCLE))
            .order_by(events.c.run_id, events.c.seq)
        )
        for row in connection.execute(wanted):
            found[row.run_id].append(decode(row.body))
        return found

    def _require(self, run_id: int) -> None:
        self.definition(run_id)

    def _numbered(self, run_id: int) -> None:
        if abs(run_id) > _LARGEST:
            raise self._missing(run_id)

    def _missing(self, run_id: int) -> RunNotFoundError:
        return missing_run(run_id, [summary.run_id for summary in self.runs(limit=5)])
