"""The ledger: every event of every run, appended and never changed."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection, Integer, String, bindparam, delete, insert, select, update

from nbkit.errors import NbkitError
from nbkit.events import Noted, RunFinished, RunRepaired, RunStarted
from nbkit.ledger.codec import encode, storable
from nbkit.ledger.holding import ConflictError, Held, Holder
from nbkit.ledger.lease import (
    clock_of,
    due_leases,
    has_turn,
    held_by,
    leases_in,
    one_at_a_time,
    open_leases,
)
from nbkit.ledger.patience import LedgerAwayError, patiently
from nbkit.ledger.reader import TokenTakenError
from nbkit.ledger.tables import events, leases, requests, runs, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbkit.events import Event, RunCreated, RunPlanned
    from nbkit.ledger.lease import Lease, State

_CANCEL = "cancel"
_SOME_MORE = 20
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


class Taken(NamedTuple):
    """A planned run that a node took, with the fence to claim it by."""

    run_id: int
    fence: int


class Ledger(Holder):
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

    def plan(
        self,
        planned: RunPlanned,
        graph_json: str,
        source: str,
        token: str = "",
        *,
        root: str = "",
    ) -> int:
        """Make a run that a node will take, and return its id; see `begin`.

        Raises:
            TokenTakenError: the job has a run with this `token` already.
        """
        name, job_id = planned.run_name, planned.job_id
        with self._making(job_id, token) as connection:
            run_id = self._make(connection, name, job_id, graph_json, source, token, root)
            due = max(planned.due, 0)
            lease = {"run_id": run_id, "fence": 0, "job_id": job_id, "state": "idle"}
            nobody = {"owner": "", "host": "", "machine": "", "lock": "", "planned_at": due}
            connection.execute(insert(leases).values({**lease, **nobody}))
            self._first(connection, replace(planned, run_id=run_id), fence=0)
        return run_id

    def take_planned(self, most: int) -> list[Taken]:
        """Take planned runs that are due and that nobody drives, the oldest first.

        This ledger holds them until the process that drives each claims it with its fence.
        """
        self._appear()

        def take() -> list[Taken]:
            with self._writing() as connection:
                now = clock_of(connection)
                found = leases_in(connection, due_leases(now, most + _SOME_MORE))
                free = [each for each in found if self._may_take(each, now)]
                taken = []
                for lease in free[:most]:
                    ended = self._ended(connection, lease.run_id)
                    holder = {**held_by(self._owner, self._lasts, now), "state": "idle"}
                    values = {"state": "over"} if ended else {**holder, "fence": lease.fence + 1}
                    if self._change(connection, lease, **values) and not ended:
                        taken.append(Taken(lease.run_id, lease.fence + 1))
            for run_id, fence in taken:
                self._held[run_id] = Held(fence, 0)
            return taken

        return patiently(take, self.shown)[0]

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
            for table in (events, requests, tokens, leases, runs):
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
                    if connection.execute(_APPEND, row).rowcount != 1:
                        raise self._taken_over(run_id)
        except ConflictError:  # an earlier try was recorded, and its answer was lost
            with self._reading() as connection:
                wanted = select(events.c.body).where(events.c.run_id == run_id)
                later = wanted.where(events.c.seq > held.seq).order_by(events.c.seq)
                found = list(connection.scalars(later))
            if found != [row["body_"] for row in rows]:
                raise self._taken_over(run_id) from None

    def _first(self, connection: Connection, event: RunCreated | RunPlanned, fence: int) -> None:
        row = {"run": event.run_id, "fence": fence, "seq_": 1, "at_": event.at}
        connection.execute(_APPEND, {**row, "kind_": event.kind, "body_": encode(event)})

    def _may_take(self, lease: Lease, now: int) -> bool:
        """Tell whether nobody drives a run, or this ledger took it and never heard that it did."""
        forgotten = lease.owner == self._owner.name and lease.run_id not in self._held
        return forgotten or not lease.is_live(now, self._home)

    def _make(self, connection: Connection, *values: object) -> int:
        *_, token, root = values
        named = ("job_name", "job_id", "graph", "source")
        row = dict(zip(named, values, strict=False), root=root, created_at=self._clock.now())
        row["job_name"] = storable(str(row["job_name"]))
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
        except ConflictError:
            raise TokenTakenError(self.run_of(job_id, token) or 0) from None
