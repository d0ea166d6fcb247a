"""The ledger: every event of every run, appended and never changed."""

from __future__ import annotations

import threading
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import (
    Connection,
    Integer,
    String,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from nbkit.clock import Clock, SystemClock
from nbkit.errors import UsageError
from nbkit.events import RunFinished
from nbkit.ledger.codec import decode, encode
from nbkit.ledger.database import clear_errors, open_database, open_for_reading
from nbkit.ledger.reader import (
    LIFECYCLE,
    Definition,
    Recorded,
    RunSummary,
    TokenTakenError,
    missing_run,
    summary_of,
)
from nbkit.ledger.tables import events, requests, runs, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbkit.errors import RunNotFoundError
    from nbkit.events import Event

_CANCEL = "cancel"
_LARGEST = 2**63 - 1
"""What databases take for a number."""

_RUN = bindparam("run", type_=Integer)
_APPEND = insert(events).from_select(
    ["run_id", "seq", "at", "kind", "body"],
    select(
        _RUN,
        func.coalesce(func.max(events.c.seq), literal(0)) + 1,
        bindparam("at_", type_=events.c.at.type),
        bindparam("kind_", type_=String),
        bindparam("body_", type_=events.c.body.type),
    ).where(events.c.run_id == _RUN),
)
_AFTER = (
    select(events.c.seq, events.c.body)
    .where(events.c.run_id == _RUN, events.c.seq > bindparam("after", type_=Integer))
    .order_by(events.c.seq)
)


class Ledger:
    """Events of runs in a database; safe to use from several threads and processes.

    An event is on record when `append` returns, and outlives a killed process from then on.
    One process at a time drives a run: whoever appends holds its lock (`nbkit.ledger.claim`).

    Args:
        url: any SQLAlchemy URL; of SQLite, the file and its folder are made as needed.
        clock: tells when runs and requests were made.
        reading: nothing is written, nor made: what is not there yet holds no run.

    Raises:
        SetupError: from every method, when the database cannot be used.
    """

    def __init__(self, url: str, clock: Clock | None = None, *, reading: bool = False) -> None:
        self._url = url
        self._clock = clock or SystemClock()
        self._engine = open_for_reading(url) if reading else open_database(url)
        self._pen = threading.Lock()  # places in a run are given out one after the other

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def begin(
        self, job_name: str, job_id: int, graph_json: str, source: str, token: str = ""
    ) -> int:
        """Make a new run of a job and return its id.

        Raises:
            TokenTakenError: the job has a run with this `token` already.
        """
        row = {
            "job_name": job_name,
            "job_id": job_id,
            "graph": graph_json,
            "source": source,
            "created_at": self._clock.now(),
        }
        try:
            with self._writing() as connection:
                key = connection.execute(insert(runs).values(row)).inserted_primary_key
                assert key is not None
                run_id = int(key[0])
                if token:
                    taken = {"job_id": job_id, "token": token, "run_id": run_id}
                    connection.execute(insert(tokens).values(taken))
                return run_id
        except _ConflictError:
            raise TokenTakenError(self.run_of(job_id, token) or 0) from None

    def run_of(self, job_id: int, token: str) -> int | None:
        """Return the run of a job that has this idempotency token, if there is one."""
        wanted = select(tokens.c.run_id).where(tokens.c.job_id == job_id, tokens.c.token == token)
        with self._reading() as connection:
            found = connection.scalar(wanted)
        return None if found is None else int(found)

    def append(self, run_id: int, event: Event) -> None:
        """Record one event of a run."""
        self.append_many(run_id, (event,))

    def append_many(self, run_id: int, recorded: Iterable[Event]) -> None:
        """Record several events of a run, in order: all of them or none."""
        rows = [
            {"run": run_id, "at_": event.at, "kind_": event.kind, "body_": encode(event)}
            for event in recorded
        ]
        try:
            with self._pen, self._writing() as connection:
                for row in rows:
                    connection.execute(_APPEND, row)
        except _ConflictError:
            self._require(run_id)
            raise UsageError(f"Another process is writing run {run_id}.") from None

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

    def runs(self, job_name: str | None = None, limit: int = 20) -> list[RunSummary]:
        """Return the latest runs, of one job or of all, newest first."""
        wanted = select(runs).order_by(runs.c.run_id.desc()).limit(min(limit, _LARGEST))
        if job_name is not None:
            wanted = wanted.where(runs.c.job_name == job_name)
        with self._reading() as connection:
            begun = [
                RunSummary(row.run_id, row.job_name, row.job_id, row.source, row.created_at)
                for row in connection.execute(wanted)
            ]
            lifecycle = self._lifecycle(connection, [summary.run_id for summary in begun])
        return [summary_of(summary, lifecycle[summary.run_id]) for summary in begun]

    def ended(self, run_id: int) -> bool:
        """Tell whether the end of the run is on record, and nothing after it."""
        with self._reading() as connection:
            lifecycle = self._lifecycle(connection, [run_id])[run_id]
        return bool(lifecycle) and isinstance(lifecycle[-1], RunFinished)

    def definition(self, run_id: int) -> Definition:
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
        return Definition(found.graph, found.source)

    def redefine(self, run_id: int, graph_json: str) -> None:
        """Record the job as it is now; a repair runs that one."""
        with self._writing() as connection:
            connection.execute(update(runs).where(runs.c.run_id == run_id).values(graph=graph_json))

    def request_cancel(self, run_id: int) -> None:
        """Ask whoever drives the run to end it.

        Raises:
            RunNotFoundError: there is no such run.
        """
        self._require(run_id)
        try:
            with self._writing() as connection:
                row = {"run_id": run_id, "request": _CANCEL, "at": self._clock.now()}
                connection.execute(insert(requests).values(row))
        except _ConflictError:
            pass  # somebody asked before

    def cancel_requested(self, run_id: int) -> bool:
        """Tell whether somebody asked for the end of the run since it was last taken up."""
        with self._reading() as connection:
            found = connection.scalar(select(requests.c.at).where(requests.c.run_id == run_id))
        return found is not None

    def forget_requests(self, run_id: int) -> None:
        """Drop what was asked of an earlier go at the run; for repairs."""
        with self._writing() as connection:
            connection.execute(delete(requests).where(requests.c.run_id == run_id))

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with clear_errors(self._url):
            try:
                with self._engine.begin() as connection:
                    yield connection
            except IntegrityError as error:
                raise _ConflictError from error

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with clear_errors(self._url), self._engine.connect() as connection:
            yield connection

    def _lifecycle(self, connection: Connection, run_ids: list[int]) -> dict[int, list[Event]]:
        found: dict[int, list[Event]] = defaultdict(list)
        wanted = (
            select(events.c.run_id, events.c.body)
            .where(events.c.run_id.in_(run_ids), events.c.kind.in_(LIFECYCLE))
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


class _ConflictError(Exception):
    """The row is there already, or the run is not."""
