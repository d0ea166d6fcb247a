"""Which runs a process holds: the half of the ledger that claims and lets go."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from nbkit.clock import SystemClock
from nbkit.errors import NbkitError, TakenOverError, UsageError
from nbkit.ledger.archive import Archive
from nbkit.ledger.database import clear_errors, folder_of, open_database, open_for_reading
from nbkit.ledger.deployed import DeployedJobs
from nbkit.ledger.lease import LEASE_SECONDS, Heart, clock_of, held_by, lease_of
from nbkit.ledger.owner import Owner
from nbkit.ledger.tables import events, leases, runs
from nbkit.ledger.time_of_database import DatabaseClock
from nbkit.ledger.watching import Watches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbkit.clock import Clock
    from nbkit.ledger.lease import Lease, State


@dataclass(slots=True)
class Held:
    """A run that this ledger drives: its fence, its last place, and whether it is over."""

    fence: int
    seq: int
    ended: bool = False


class Holder(Archive):
    """Holds runs for as long as its process lives; `nbkit.ledger.store.Ledger` writes them."""

    def __init__(
        self,
        url: str,
        clock: Clock | None = None,
        *,
        reading: bool = False,
        home: Path | None = None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        engine = open_for_reading(url) if reading else open_database(url)
        home = home or folder_of(url)
        super().__init__(url, engine, home)
        alone = self._engine.dialect.name == "sqlite"
        self._lasts = None if alone else lease_seconds
        self._owner = Owner(home)
        self._held: dict[int, Held] = {}
        self._pen = threading.Lock()  # places in a run are given out one after the other
        self._time = None if alone or reading else DatabaseClock(self._ask_time())
        self._clock: Clock = clock or self._time or SystemClock()
        self._heart = None if alone else Heart(self._prolong, lease_seconds)

    @property
    def clock(self) -> Clock:
        """What tells the time to all who share this ledger."""
        return self._clock

    @property
    def jobs(self) -> DeployedJobs:
        """The deployed jobs."""
        return DeployedJobs(self._engine, self._url)

    @property
    def watches(self) -> Watches:
        """What triggers have seen."""
        return Watches(self._engine, self._url, self._home)

    def close(self) -> None:
        """Give up what is held, and let go of the database."""
        if self._heart is not None:
            self._heart.stop()
        for run_id in tuple(self._held):
            with suppress(NbkitError):  # it ends by itself then
                self.release(run_id)
        self._owner.leave()
        super().close()

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
        self._held[run_id] = Held(next_fence, last or 0, ended)

    def release(self, run_id: int) -> None:
        """Drive a run no more; unless it is over, another may claim it."""
        held = self._held.pop(run_id, None)
        if held is None:
            return
        state: State = "over" if held.ended else "idle"
        with self._writing() as connection:
            mine = update(leases).where(leases.c.run_id == run_id, leases.c.fence == held.fence)
            connection.execute(mine.values(owner="", state=state, expires_at=None))

    def _own(self, connection: Connection, run_id: int) -> Lease:
        """Return the lease of a run that this ledger drives."""
        held, lease = self._driven(run_id), lease_of(connection, run_id)
        if lease is None or lease.fence != held.fence:
            raise self._taken_over(run_id)
        return lease

    def _driven(self, run_id: int) -> Held:
        held = self._held.get(run_id)
        if held is None:
            self._require(run_id)
            raise UsageError(f"Run {run_id} is not driven by this process.")
        return held

    def _change(self, connection: Connection, lease: Lease, **values: object) -> bool:
        """Change a lease, unless another took the run meanwhile; return whether it did."""
        same = update(leases).where(leases.c.run_id == lease.run_id, leases.c.fence == lease.fence)
        return connection.execute(same.values(values)).rowcount == 1

    def _refuse_live(self, lease: Lease, now: int) -> None:
        if lease.is_live(now, self._home):
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
                raise ConflictError from error


def _driven(run_id: int, host: str) -> UsageError:
    by = f": {host}" if host else ""
    return UsageError(f"Run {run_id} is being driven by another process{by}.")


class ConflictError(Exception):
    """The row is there already, or the run is not."""
