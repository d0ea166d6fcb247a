"""Runs that are planned: by a person, by a trigger; and taken by who drives them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, insert, select

from nbkit.events import RunPlanned
from nbkit.graph.run_graph import RunGraph
from nbkit.graph.validation import read_job
from nbkit.ledger.appending import APPEND
from nbkit.ledger.codec import encode, storable
from nbkit.ledger.deployed import DEPLOYED
from nbkit.ledger.holding import ConflictError, Held, Holder
from nbkit.ledger.lease import clock_of, due_leases, held_by, lease_of, leases_in
from nbkit.ledger.patience import patiently
from nbkit.ledger.reader import TokenTakenError
from nbkit.ledger.tables import firings, leases, runs, tokens
from nbkit.ledger.watching import StaleError, change, time_for
from nbkit.rules.task_runs import numbered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nbkit.events import RunCreated
    from nbkit.ledger.deployed import DeployedJob
    from nbkit.ledger.lease import Lease
    from nbkit.ledger.watching import TriggerMemory
    from nbkit.rules.triggers.deciding import Firing

_SOME_MORE = 20


class Taken(NamedTuple):
    """A planned run that a node took, with the fence to claim it by."""

    run_id: int
    fence: int


class Planner(Holder):
    """Plans runs and takes planned ones; `nbkit.ledger.store` writes what happens in them."""

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
        with self._making(planned.job_id, token) as connection:
            return self._plan(connection, planned, graph_json, source, token, root)

    def plan_all(
        self, planned: Sequence[RunPlanned], graph_json: str, source: str, *, root: str = ""
    ) -> list[int]:
        """Make several runs of a job that nodes will take, all or none; see `plan`."""
        with self._writing() as connection:
            return [self._plan(connection, each, graph_json, source, "", root) for each in planned]

    def remember(self, job: DeployedJob, watch: TriggerMemory, memory: Mapping[str, Any]) -> bool:
        """Give a trigger another memory; return whether it and its job still were as given."""
        try:
            with self._writing() as connection:
                change(connection, job, watch, memory)
        except (ConflictError, StaleError):
            return False
        return True

    def fire(
        self,
        job: DeployedJob,
        watch: TriggerMemory,
        memory: Mapping[str, Any],
        firing: Firing,
        pages: str = "",
    ) -> int | None:
        """Put a firing, the run that it begins and the memory of its trigger on record, at once.

        Args:
            job: as it was deployed when the trigger was decided about.
            watch: what its trigger had seen by then.
            memory: what it has seen now.
            firing: when, and why.
            pages: address of pages where runs are shown; see `RunPlanned`.

        Returns:
            The run, for whoever takes it. None if there is none: the trigger or the job is not
            as given any more, or it has fired for this time already.
        """
        found = read_job(job.settings)[0]
        try:
            with self._writing() as connection:
                change(connection, job, watch, memory)
                at = time_for(connection, watch, firing.planned_at, exact=firing.exact)
                if at is None:
                    return None
                planned = RunPlanned(
                    at=clock_of(connection),
                    run_id=0,
                    job_id=job.job_id,
                    run_name=job.name,
                    creator=job.creator,
                    pages=pages,
                    task_runs=numbered(RunGraph(found).keys if found else ()),
                    trigger=firing.type,
                    trigger_info=dict(firing.info),
                    message=firing.message,
                )
                token = f"{watch.trigger}:{at}"
                graph, source = json.dumps(job.settings), f"{DEPLOYED}{job.job_id}"
                run_id = self._plan(connection, planned, graph, source, token, job.root)
                key = {"job_id": job.job_id, "trigger": watch.trigger, "planned_at": at}
                came = {"at": planned.at, "run_id": run_id, "message": firing.message}
                connection.execute(insert(firings).values({**key, **came}))
                return run_id
        except (ConflictError, StaleError):
            return None

    def take_planned(self, most: int) -> list[Taken]:
        """Take planned runs that are due and that nobody drives, the oldest first.

        This ledger holds them until the process that drives each claims it with its fence.
        """
        self._appear()

        def take() -> list[Taken]:
            with self._writing() as connection:
                now = clock_of(connection)
                found = leases_in(connection, due_leases(now, most + _SOME_MORE))
                free = [each for each in found if self._is_free(each, now)]
                taken = [self._take(connection, lease, now) for lease in free[:most]]
            return self._holding(each for each in taken if each)

        return patiently(take, self.shown)[0]

    def take(self, run_id: int) -> Taken | None:
        """Take one planned run, if nobody drives it; see `take_planned`."""
        self._appear()
        with self._writing() as connection:
            now, lease = clock_of(connection), lease_of(connection, run_id)
            free = lease is not None and lease.state != "over" and self._is_free(lease, now)
            taken = self._take(connection, lease, now) if lease is not None and free else None
        self._holding(filter(None, [taken]))
        return taken

    def planned_runs(self) -> tuple[list[Lease], list[Lease]]:
        """Return the planned runs that are due and that nobody drives, the oldest first.

        The second list has the leases of all runs that go on or wait in a process.
        """
        with self._reading() as connection:
            now = clock_of(connection)
            found = leases_in(connection, due_leases(now, None))
            waiting = [each for each in found if self._is_free(each, now)]
            going = select(leases).where(leases.c.state != "over", leases.c.owner != "")
            others = leases_in(connection, going) if waiting else []
        known = {each.run_id for each in waiting}
        return waiting, [
            each for each in others if each.run_id not in known and each.is_live(now, self._home)
        ]

    def _plan(self, connection: Connection, planned: RunPlanned, *of_run: str) -> int:
        """Make a planned run; `of_run` are its job as JSON, its source, its token and its root."""
        job_id = planned.job_id
        run_id = self._make(connection, planned.run_name, job_id, *of_run)
        event = replace(planned, run_id=run_id)
        lease = {"run_id": run_id, "fence": 0, "job_id": job_id, "state": "idle"}
        nobody = {"owner": "", "host": "", "machine": "", "lock": ""}
        due = {"planned_at": max(planned.due, 0)}
        connection.execute(insert(leases).values({**lease, **nobody, **due}))
        self._first(connection, event, fence=0)
        return run_id

    def _first(self, connection: Connection, event: RunCreated | RunPlanned, fence: int) -> None:
        row = {"run": event.run_id, "fence": fence, "seq_": 1, "at_": event.at}
        connection.execute(APPEND, {**row, "kind_": event.kind, "body_": encode(event)})

    def _is_free(self, lease: Lease, now: int) -> bool:
        return self._is_forgotten(lease) or not lease.is_live(now, self._home)

    def _take(self, connection: Connection, lease: Lease, now: int) -> Taken | None:
        """Take a run; one that has ended is marked so."""
        ended = self._ended(connection, lease.run_id)
        holder = {**held_by(self._owner, self._lasts, now), "state": "idle"}
        values = {"state": "over"} if ended else {**holder, "fence": lease.fence + 1}
        if self._change(connection, lease, **values) and not ended:
            return Taken(lease.run_id, lease.fence + 1)
        return None

    def _holding(self, taken: Iterable[Taken]) -> list[Taken]:
        found = list(taken)
        for run_id, fence in found:
            self._held[run_id] = Held(fence, 0)
        return found

    def _is_forgotten(self, lease: Lease) -> bool:
        """Tell whether this ledger took a run and never heard that it did."""
        return lease.owner == self._owner.name and lease.run_id not in self._held

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
