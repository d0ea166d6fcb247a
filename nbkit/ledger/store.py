"""The ledger: every event of every run, appended and never changed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, insert, select, update

from nbkit.errors import NbkitError
from nbkit.events import Noted, RunFinished, RunRepaired, RunStarted
from nbkit.ledger.appending import APPEND
from nbkit.ledger.codec import encode
from nbkit.ledger.holding import ConflictError, Held
from nbkit.ledger.lease import (
    clock_of,
    has_turn,
    held_by,
    one_at_a_time,
    open_leases,
)
from nbkit.ledger.patience import LedgerAwayError, patiently
from nbkit.ledger.plans import Planner
from nbkit.ledger.tables import events, firings, leases, requests, runs, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbkit.events import Event, RunCreated
    from nbkit.ledger.lease import Lease, State

_CANCEL = "cancel"
_WORTH_A_NOTE_SECONDS = 5


class Ledger(Planner):
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

    def begin(
        self,
        job_name: str,
        job_id: int,
        graph_json: str,
        source: str,
        token: str = "",
        *,
        root: str = "",
        created: RunCreated | None = None,
    ) -> int:
        """Make a new run of a job, which this ledger drives from now on, and return its id.

        Args:
            job_name: of the job.
            job_id: of the job, the same on every machine.
            graph_json: the job as it is now.
            source: the file that it came from.
            token: of the run, if somebody may ask for it twice.
            root: the folder of the project.
            created: is on record with it, under its id.

        Raises:
            TokenTakenError: the job has a run with this `token` already.
        """
        self._appear()
        with self._making(job_id, token) as connection:
            run_id = self._make(connection, job_name, job_id, graph_json, source, token, root)
            holder = held_by(self._owner, self._lasts, clock_of(connection))
            lease = {"run_id": run_id, "fence": 1, "job_id": job_id, "state": "idle"}
            connection.execute(insert(leases).values({**lease, **holder}))
            if created:
                self._first(connection, replace(created, run_id=run_id), fence=1)
        self._held[run_id] = Held(1, 1 if created else 0)
        return run_id

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
            _, away = patiently(partial(self._write, run_id, held, rows), self.shown)
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
        with suppress(ConflictError), self._writing() as connection:  # if nobody asked before
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

    def forget(self, run_id: int) -> None:
        """Remove a run that this ledger drives, with everything that is on record of it."""
        self._driven(run_id)
        with self._writing() as connection:
            self._own(connection, run_id)
            for table in (events, requests, tokens, leases, firings, runs):
                connection.execute(delete(table).where(table.c.run_id == run_id))
        self._held.pop(run_id, None)

    def take_turn(self, run_id: int, most: int) -> bool:
        """Let a run go on if fewer than `most` of its job do, and no older one waits."""

        def free(connection: Connection, lease: Lease) -> bool:
            return has_turn(lease, self._live_in(connection, open_leases(lease.job_id)), most)

        def take() -> bool:
            with self._reading() as connection:
                if not free(connection, self._own(connection, run_id)):
                    return False
            with self._writing() as connection:
                lease = self._own(connection, run_id)
                one_at_a_time(connection, lease)
                return free(connection, lease) and self._change(connection, lease, state="going")

        return patiently(take, self.shown)[0]

    def join_line(self, run_id: int) -> None:
        """Let a run wait for its turn, ahead of younger ones."""
        patiently(partial(self._move, run_id, "waiting"), self.shown)

    def give_turn_back(self, run_id: int) -> None:
        """Let the next run go on."""
        if run_id in self._held:
            with suppress(NbkitError):  # its lease ends with its process, at the latest
                self._move(run_id, "idle")

    def _move(self, run_id: int, state: State) -> None:
        with self._writing() as connection:
            self._change(connection, self._own(connection, run_id), state=state)

    def _write(self, run_id: int, held: Held, rows: list[dict[str, object]]) -> None:
        numbered = [
            {**row, "fence": held.fence, "seq_": held.seq + place}
            for place, row in enumerate(rows, 1)
        ]
        try:
            with self._writing() as connection:
                for row in numbered:
                    if connection.execute(APPEND, row).rowcount != 1:
                        raise self._taken_over(run_id)
        except ConflictError:  # an earlier try was recorded, and its answer was lost
            with self._reading() as connection:
                wanted = select(events.c.body).where(events.c.run_id == run_id)
                later = wanted.where(events.c.seq > held.seq).order_by(events.c.seq)
                found = list(connection.scalars(later))
            if found != [row["body_"] for row in rows]:
                raise self._taken_over(run_id) from None
