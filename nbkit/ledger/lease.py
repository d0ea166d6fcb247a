"""Who drives which run: a row in the ledger, which says so on every machine.

A lease names its owner and carries a number, the fence, which grows whenever another one takes the
run. Every event is written under the fence of who writes it, in the same transaction, so an owner
who was thought dead and comes back writes nothing more.

On one machine the operating system tells whether an owner lives (`nbkit.ledger.owner`). From
another machine its lease does: it ends `LEASE_SECONDS` after the owner last prolonged it, by the
clock of the database. SQLite is for one machine, so leases in it have no end of their own.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Literal, NamedTuple

from sqlalchemy import select, text, update

from nbkit.errors import NbkitError
from nbkit.ledger.owner import is_held, machine
from nbkit.ledger.tables import leases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from sqlalchemy import Connection, Select

    from nbkit.ledger.owner import Owner

LEASE_SECONDS = 30.0
"""How long an owner on another machine may be silent before it is taken for dead."""

MOST_TAKES = 10
"""How often nodes take a planned run that ends with them; after that, a person is to look."""

FENCES_OF_A_TAKE = 2
"""A node takes a run, and hands it to a process of its own."""

_BEATS = 6
_log = logging.getLogger(__name__)

State = Literal["idle", "waiting", "going", "over"]
"""Where a run stands with its job: not asked yet, waiting for its turn, having it, at its end."""


class Lease(NamedTuple):
    """One row."""

    run_id: int
    fence: int
    owner: str
    host: str
    machine: str
    lock: str
    expires_at: int | None
    job_id: int
    state: State
    planned_at: int | None

    def is_live(self, now: int, home: Path | None = None) -> bool:
        """Tell whether its owner lives.

        Args:
            now: the time by the clock of the database.
            home: the folder of runs of who asks.
        """
        if not self.owner:
            return False
        if self.expires_at is None:
            return not self.lock or bool(is_held(self.lock, home))
        if self.expires_at <= now:
            return False
        elsewhere = self.machine != machine() or not self.lock
        return elsewhere or is_held(self.lock, home) is not False


def clock_of(connection: Connection) -> int:
    """Return the time by the clock that all who share this database share, in milliseconds."""
    if connection.dialect.name != "postgresql":
        return time.time_ns() // 1_000_000
    return int(connection.scalar(_POSTGRESQL_NOW))


_POSTGRESQL_NOW = text("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)")


def lease_of(connection: Connection, run_id: int) -> Lease | None:
    """Return the lease of a run; those of old ledgers may have none."""
    found = leases_in(connection, select(leases).where(leases.c.run_id == run_id))
    return found[0] if found else None


def leases_in(connection: Connection, wanted: Select[tuple[object, ...]]) -> list[Lease]:
    """Return the leases that a query finds."""
    return [Lease._make(row) for row in connection.execute(wanted)]


def open_leases(job_id: int) -> Select[tuple[object, ...]]:
    """Return the query for leases of all runs of a job that are not over."""
    return select(leases).where(leases.c.job_id == job_id, leases.c.state != "over")


def due_leases(now: int, most: int | None) -> Select[tuple[object, ...]]:
    """Return the query for leases of planned runs that a node may take: not yet over, and due.

    Their owners are gone, as far as the database can tell. PostgreSQL leaves out what another node
    takes at the same moment. A run that ended with its node again and again is left alone.
    """
    gone = (leases.c.owner == "") | (leases.c.expires_at <= now) | (leases.c.machine == machine())
    takeable = leases.c.fence < MOST_TAKES * FENCES_OF_A_TAKE
    wanted = select(leases).where(leases.c.state != "over", leases.c.planned_at <= now)
    ordered = wanted.where(gone | leases.c.expires_at.is_(None), takeable).order_by("run_id")
    if most is None:  # only to look
        return ordered
    return ordered.limit(most).with_for_update(skip_locked=True)


def held_by(owner: Owner, seconds: float | None, now: int) -> dict[str, object]:
    """Return what a lease says of its owner; without `seconds` it has no end of its own."""
    return {
        "owner": owner.name,
        "host": owner.host,
        "machine": owner.machine,
        "lock": owner.lock,
        "expires_at": None if seconds is None else now + int(seconds * 1000),
    }


def one_at_a_time(connection: Connection, lease: Lease) -> None:
    """Keep others from letting in runs of the same job until the transaction is over."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:job)"), {"job": lease.job_id})
    own = update(leases).where(leases.c.run_id == lease.run_id)
    connection.execute(own.values(state=leases.c.state))  # SQLite: whoever writes is alone


def has_turn(lease: Lease, live: Iterable[Lease], most: int) -> bool:
    """Tell whether a run may go on: fewer than `most` do, and no older one waits.

    Args:
        lease: of the run.
        live: the leases of its job whose owners live.
        most: how many runs may go on at once.
    """
    others = [each for each in live if each.run_id != lease.run_id]
    older = any(each.state == "waiting" and each.run_id < lease.run_id for each in others)
    return not older and sum(each.state == "going" for each in others) < most


class Heart:
    """Prolongs the leases of one owner in a thread of its own, as long as that lives.

    Args:
        prolong: does so; what it raises is tried again at the next beat.
        seconds: how long a lease lasts.
    """

    def __init__(self, prolong: Callable[[], object], seconds: float) -> None:
        self._prolong = prolong
        self._every = seconds / _BEATS
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="nbkit lease", daemon=True)

    def start(self) -> None:
        """Begin, unless it has begun."""
        if not self._thread.is_alive() and not self._stopped.is_set():
            self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _beat(self) -> None:
        while not self._stopped.wait(self._every):
            try:
                self._prolong()
            except NbkitError as error:  # who appends waits for the ledger, and tells
                _log.debug("A lease could not be prolonged: %s", error)
