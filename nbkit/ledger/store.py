"""The ledger: every event of every run, appended and never changed."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Integer, String, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from nbkit.clock import SystemClock
from nbkit.errors import NbkitError, TakenOverError, UsageError
from nbkit.events import Noted, RunFinished, RunRepaired, RunStarted
from nbkit.ledger.archive import Archive
from nbkit.ledger.codec import encode
from nbkit.ledger.database import clear_errors, folder_of, open_database, open_for_reading
from nbkit.ledger.lease import (
    LEASE_SECONDS,
    Heart,
    clock_of,
    has_turn,
    held_by,
    lease_of,
    leases_in,
    one_at_a_time,
    open_leases,
)
from nbkit.ledger.owner import Owner
from nbkit.ledger.patience import LedgerAwayError, patiently
from nbkit.ledger.reader import TokenTakenError
from nbkit.ledger.tables import events, leases, requests, runs, tokens
from nbkit.ledger.time_of_database import DatabaseClock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from nbkit.clock import Clock
    from nbkit.events import Event
    from nbkit.ledger.lease import Lease, State

_CANCEL = "cancel"
_WORTH_A_NOTE_SECONDS = 5

_RUN = bindparam("run", type_=Integer)
_FENCE = bindparam("fence", type_=Integer)
_APPEND = (
    insert(events)
    .from_select(
        ["run_id", "seq", "at", "kind", "body"],
        select(
            _RUN,
            bindparam("seq_", type_=Integer),
            bindparam("at_", type_=events.c.at.type),
            bindparam("kind_", type_=String),
            bindparam("body_", type_=events.c.body.type),
        )
        .select_from(leases)
        .where(leases.c.run_id == _RUN, leases.c.fence == _FENCE)
        .with_for_update(read=True),
    )
    .execution_options(preserve_rowcount=True)
)
"""Write an event, if the fence still is what its writer was given; until the transaction is over,
nobody else takes the run."""


@dataclass(slots=True)
class _Held:
    """A run that this ledger drives: its fence, its last place, and whether it is over."""

    fence: int
    seq: int
    ended: bool = False


class Ledger(Archive):
    """Events of runs in a database; safe to use from several threads and processes.

    An event is on record when `append` returns, and outlives a killed process from then on.
    One ledger at a time drives a run: who began it, or claimed it after that one's end.

    Args:
        url: SQLAlchemy URL of an SQLite or PostgreSQL database; of SQLite, the file and its
            folder are made as needed.
        clock: tells when runs and requests were made; by default the clock of the database.
        reading: nothing is written, nor made: what is not there yet holds no run.
        home: the folder in which this process shows that it lives; of SQLite, by default the
            database's own.
        lease_seconds: how long it may be silent before others take it for dead.

    Raises:
        SetupError: from every method, when the database cannot be used.
    """

    def __init__(
        self,
        url: str,
        clock: Clock | None = None,
        *,
        reading: bool = False,
        home: Path | None = None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        super().__init__(url, open_for_reading(url) if reading else open_database(url))
        alone = self._engine.dialect.name == "sqlite"
        self._lasts = None if alone else lease_seconds
        self._owner = Owner(home or folder_of(url))
        self._held: dict[int, _Held] = {}
        self._pen = threading.Lock()  # places in a run are given out one after the other
        self._time = None if alone or reading else DatabaseClock(self._ask_time())
        self._clock: Clock = clock or self._time or SystemClock()
        self._heart = None if alone else Heart(self._prolong, lease_seconds)

    @property
    def clock(self) -> Clock:
        """What tells the time to all who share this ledger."""
        return self._clock

    def close(self) -> None:
        """Give up what is held, and let go of the database."""
        if self._heart is not None:
            self._heart.stop()
        for run_id in tuple(self._held):
            with suppress(NbkitError):  # it ends by itself then
                self.release(run_id)
        self._owner.leave()
        super().close()

    def begin(
        self,
        job_name: str,
        job_id: int,
        graph_json: str,
        source: str,
        token: str = "",
        *,
        root: str = "",
    ) -> int:
        """Make a new run of a job, which this ledger drives from now on, and return its id.

        Args:
            job_name: of the job.
            job_id: of the job, the same on every machine.
            graph_json: the job as it is now.
            source: the file that it came from.
            token: of the run, if somebody may ask for it twice.
            root: the folder of the project.

        Raises:
            TokenTakenError: the job has a run with this `token` already.
        """
        self._appear()
        with self._making(job_id, token) as connection:
            run_id = self._make(connection, job_name, job_id, graph_json, source, token, root)
            holder = held_by(self._owner, self._lasts, clock_of(connection))
            lease = {"run_id": run_id, "fence": 1, "job_id": job_id, "state": "idle"}
            connection.execute(insert(leases).values({**lease, **holder}))
        self._held[run_id] = _Held(1, 0)
        return run_id

    def claim(self, run_id: int, fence: int | None = None) -> None:
        """Drive a run that nobody drives any more, or one that is handed over with its `fence`.

        Raises:
            RunNotFoundError: there is no such run.
            UsageError: another process drives it.
        """
        self._numbered(run_id)
        self._appear()
        with self._writing() as connection:
            now = clock_of(connection)
            lease = lease_of(connection, run_id)
            if lease is not None and (fence is None or fence != lease.fence):
                self._refuse_live(lease, now)
            holder = {**held_by(self._owner, self._lasts, now), "state": "idle"}
            next_fence = 1 if lease is None else lease.fence + 1
            if lease is None:
                job_id = connection.scalar(select(runs.c.job_id).where(runs.c.run_id == run_id))
                if job_id is None:
                    raise self._missing(run_id)
                first = {"run_id": run_id, "fence": next_fence, "job_id": job_id}
                connection.execute(insert(leases).values({**first, **holder}))
            elif not self._change(connection, lease, fence=next_fence, **holder):
                raise _driven(run_id, "")
            last = connection.scalar(
                select(func.max(events.c.seq)).where(events.c.run_id == run_id)
            )
            ended = self._ended(connection, run_id)
        self._held[run_id] = _Held(next_fence, last or 0, ended)

    def release(self, run_id: int) -> None:
        """Drive a run no more; unless it is over, another may claim it."""
        held = self._held.pop(run_id, None)
        if held is None:
            return
        state: State = "over" if held.ended else "idle"
        with self._writing() as connection:
            mine = update(leases).where(leases.c.run_id == run_id, leases.c.fence == held.fence)
            connection.execute(mine.values(owner="", state=state, expires_at=None))

    def append(self, run_id: int, event: Event) -> None:
        """Record one event of a run."""
        self.append_many(run_id, (event,))

    def append_many(self, run_id: int, recorded: Iterable[Event]) -> None:
        """Record several events of a run, in order: all of them or none.

        While the ledger does not answer, this waits.

        Raises:
            RunNotFoundError: there is no such run.
            UsageError: this ledger does not drive it.
            TakenOverError: another process drives it by now.
        """
        happened = tuple(recorded)
        rows: list[dict[str, object]] = [
            {"run": run_id, "at_": event.at, "kind_": event.kind, "body_": encode(event)}
            for event in happened
        ]
        with self._pen:
            held = self._driven(run_id)
            _, away = patiently(partial(self._write, run_id, held, rows), self._shown)
            held.seq += len(rows)
            for event in happened:
                if isinstance(event, RunStarted | RunRepaired | RunFinished):
                    held.ended = isinstance(event, RunFinished)
        if away > _WORTH_A_NOTE_SECONDS:
            text = f"The ledger did not answer for {away:.0f} s; the run waited for it."
            self.append(run_id, Noted(self._clock.now(), text))

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
        with suppress(_ConflictError), self._writing() as connection:  # if nobody asked before
            row = {"run_id": run_id, "request": _CANCEL, "at": self._clock.now()}
            connection.execute(insert(requests).values(row))

    def cancel_requested(self, run_id: int) -> bool:
        """Tell whether somebody asked for the end of the run since it was last taken up.

        Raises:
            TakenOverError: this ledger drove the run, and another process drives it by now.
        """
        held = self._held.get(run_id)
        if held is None:
            return super().cancel_requested(run_id)
        asked = select(requests.c.at).where(requests.c.run_id == run_id).scalar_subquery()
        wanted = select(leases.c.fence, asked).where(leases.c.run_id == run_id)
        try:
            with self._reading() as connection:
                found = connection.execute(wanted).first()
        except LedgerAwayError:
            return False
        if found is None or found[0] != held.fence:
            raise self._taken_over(run_id)
        return found[1] is not None

    def forget_requests(self, run_id: int) -> None:
        """Drop what was asked of an earlier go at the run; for repairs."""
        with self._writing() as connection:
            connection.execute(delete(requests).where(requests.c.run_id == run_id))

    def take_turn(self, run_id: int, most: int) -> bool:
        """Let a run go on if fewer than `most` of its job do, and no older one waits."""

        def free(connection: Connection, lease: Lease) -> bool:
            others = leases_in(connection, open_leases(lease.job_id))
            return has_turn(lease, others, most, clock_of(connection))

        def take() -> bool:
            with self._reading() as connection:
                if not free(connection, self._own(connection, run_id)):
                    return False
            with self._writing() as connection:
                lease = self._own(connection, run_id)
                one_at_a_time(connection, lease)
                return free(connection, lease) and self._change(connection, lease, state="going")

        return patiently(take, self._shown)[0]

    def join_line(self, run_id: int) -> None:
        """Let a run wait for its turn, ahead of younger ones."""
        patiently(partial(self._move, run_id, "waiting"), self._shown)

    def give_turn_back(self, run_id: int) -> None:
        """Let the next run go on."""
        if run_id in self._held:
            with suppress(NbkitError):  # its lease ends with its process, at the latest
                self._move(run_id, "idle")

    def _move(self, run_id: int, state: State) -> None:
        with self._writing() as connection:
            self._change(connection, self._own(connection, run_id), state=state)

    def _own(self, connection: Connection, run_id: int) -> Lease:
        """Return the lease of a run that this ledger drives."""
        held, lease = self._driven(run_id), lease_of(connection, run_id)
        if lease is None or lease.fence != held.fence:
            raise self._taken_over(run_id)
        return lease

    def _driven(self, run_id: int) -> _Held:
        held = self._held.get(run_id)
        if held is None:
            self._require(run_id)
            raise UsageError(f"Run {run_id} is not driven by this process.")
        return held

    def _change(self, connection: Connection, lease: Lease, **values: object) -> bool:
        """Change a lease, unless another took the run meanwhile; return whether it did."""
        same = update(leases).where(leases.c.run_id == lease.run_id, leases.c.fence == lease.fence)
        return connection.execute(same.values(values)).rowcount == 1

    def _write(self, run_id: int, held: _Held, rows: list[dict[str, object]]) -> None:
        numbered = [
            {**row, "fence": held.fence, "seq_": held.seq + place}
            for place, row in enumerate(rows, 1)
        ]
        try:
            with self._writing() as connection:
                for row in numbered:
                    if connection.execute(_APPEND, row).rowcount != 1:
                        raise self._taken_over(run_id)
        except _ConflictError:  # an earlier try was recorded, and its answer was lost
            with self._reading() as connection:
                wanted = select(events.c.body).where(events.c.run_id == run_id)
                later = wanted.where(events.c.seq > held.seq).order_by(events.c.seq)
                found = list(connection.scalars(later))
            if found != [row["body_"] for row in rows]:
                raise self._taken_over(run_id) from None

    def _refuse_live(self, lease: Lease, now: int) -> None:
        if lease.is_live(now):
            raise _driven(lease.run_id, lease.host)
        if lease.owner and self._owner.is_neighbour(lease.lock):
            raise UsageError(
                f"Run {lease.run_id} is being driven by another process: {lease.host}, which does "
                "not answer, but still has the run's folder on this machine. End it first."
            )

    def _taken_over(self, run_id: int) -> TakenOverError:
        self._held.pop(run_id, None)
        with suppress(NbkitError), self._reading() as connection:
            lease = lease_of(connection, run_id)
            if lease is not None and lease.owner:
                return TakenOverError(
                    f"Run {run_id} was taken over by {lease.host}, as this process had not been "
                    "heard of for too long; it records and runs nothing more of it."
                )
        return TakenOverError(
            f"Run {run_id} was ended elsewhere, as this process had not been heard of for too "
            "long; it records and runs nothing more of it."
        )

    def _make(self, connection: Connection, *values: object) -> int:
        *_, token, root = values
        named = ("job_name", "job_id", "graph", "source")
        row = dict(zip(named, values, strict=False), root=root, created_at=self._clock.now())
        key = connection.execute(insert(runs).values(row)).inserted_primary_key
        assert key is not None
        run_id = int(key[0])
        if token:
            taken = {"job_id": row["job_id"], "token": token, "run_id": run_id}
            connection.execute(insert(tokens).values(taken))
        return run_id

    @contextmanager
    def _making(self, job_id: int, token: str) -> Iterator[Connection]:
        try:
            with self._writing() as connection:
                yield connection
        except _ConflictError:
            raise TokenTakenError(self.run_of(job_id, token) or 0) from None

    def _appear(self) -> None:
        self._owner.appear()
        if self._heart is not None:
            self._heart.start()

    def _prolong(self) -> None:
        with self._writing() as connection:
            now = clock_of(connection)
            mine = update(leases).where(leases.c.owner == self._owner.name)
            connection.execute(mine.values(expires_at=now + int((self._lasts or 0) * 1000)))
        if self._time is not None:
            self._time.heard(now)

    def _ask_time(self) -> int:
        with self._reading() as connection:
            return clock_of(connection)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with clear_errors(self._url):
            try:
                with self._engine.begin() as connection:
                    yield connection
            except IntegrityError as error:
                raise _ConflictError from error


def _driven(run_id: int, host: str) -> UsageError:
    by = f": {host}" if host else ""
    return UsageError(f"Run {run_id} is being driven by another process{by}.")


class _ConflictError(Exception):
    """The row is there already, or the run is not."""
