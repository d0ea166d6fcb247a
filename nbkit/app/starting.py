"""Planned runs get processes of their own as soon as it is their turn.

Until then they wait in the ledger, and cost nothing. The last word on whose turn it is has the
process itself, so two that start runs of one ledger let in no more than the job allows.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbkit.app.history import give_up
from nbkit.app.launching import launch_planned
from nbkit.errors import NbkitError, UsageError
from nbkit.events import RunFinished, RunHeldUp
from nbkit.graph.load import parse_job
from nbkit.graph.validation import read_job
from nbkit.ledger.owner import machine
from nbkit.rules.queue import LONGEST_WAIT_HOURS, too_many, waited_too_long, waits
from nbkit.rules.termination import code_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbkit.app.launching import Launched
    from nbkit.events import ResultState
    from nbkit.graph.model import Job
    from nbkit.ledger.lease import Lease
    from nbkit.ledger.store import Ledger
    from nbkit.settings import Settings

_MARKED_AT_ONCE = 50
_TRIES = 3


@dataclass(slots=True)
class Starter:
    """Begins planned runs; they outlive it.

    Args:
        settings: of the project.
        tell: is told what happens, in one line each.
        at_once: how many planned runs may have processes on this machine; the others wait.
        only: begin none but these.
    """

    settings: Settings
    tell: Callable[[str], None]
    at_once: int
    _going: dict[int, Launched] = field(default_factory=dict)
    only: frozenset[int] | None = None
    _queued: dict[int, int] = field(default_factory=dict)
    _failed: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def round(self, ledger: Ledger) -> int:
        """Begin what may begin, and return how many runs did.

        Raises:
            NbkitError: the ledger cannot be used.
        """
        self._reap(ledger)
        waiting, others = ledger.planned_runs()
        here = sum(lease.planned_at is not None and lease.machine == machine() for lease in others)
        places = self.at_once - here
        busy: dict[int, int] = defaultdict(int)
        for lease in others:
            busy[lease.job_id] += 1
        by_job: dict[int, list[Lease]] = defaultdict(list)
        for lease in waiting:
            if self.only is None or lease.run_id in self.only:
                by_job[lease.job_id].append(lease)
        self._queued = {
            lease.run_id: self._queued[lease.run_id]
            for lease in waiting
            if lease.run_id in self._queued
        }
        begun, marked = 0, 0
        for job_id, leases in by_job.items():
            job = self._job(ledger, leases[0])
            room = job.max_concurrent_runs - busy[job_id] if waits(job) else len(leases)
            for place, lease in enumerate(leases):
                if place < room:
                    begun += places > begun and self._begin(ledger, lease, job)
                elif marked < _MARKED_AT_ONCE:
                    marked += self._hold_up(ledger, lease, job)
        return begun

    def _begin(self, ledger: Ledger, lease: Lease, job: Job) -> bool:
        taken = ledger.take(lease.run_id)
        if taken is None:
            return False
        self._going[taken.run_id] = launch_planned(taken.run_id, taken.fence, self.settings)
        self.tell(f"{job.name}: run {taken.run_id} begins")
        return True

    def _hold_up(self, ledger: Ledger, lease: Lease, job: Job) -> bool:
        """Let a run wait, visibly, and give it up after the longest time; return whether it did."""
        run_id = lease.run_id
        since = self._queued.get(run_id)
        if since is not None and not waited_too_long(since, ledger.clock.now()):
            return False
        with suppress(UsageError):  # another one took it
            ledger.claim(run_id)
            try:
                held = [each for each in ledger.read(run_id) if isinstance(each, RunHeldUp)]
                if not held:
                    held = [
                        RunHeldUp(ledger.clock.now(), run_id, lease.job_id, job.name, too_many(job))
                    ]
                    ledger.append(run_id, held[0])
                    self.tell(f"{job.name}: run {run_id} waits. {held[0].message}")
                self._queued[run_id] = held[0].at
                now = ledger.clock.now()
                if waited_too_long(held[0].at, now):
                    end: ResultState = "MAXIMUM_CONCURRENT_RUNS_REACHED"
                    most = f"It waited for {LONGEST_WAIT_HOURS} hours, the most there is."
                    message = f"{held[0].message} {most}"
                    ledger.append(run_id, RunFinished(now, end, code_of(end), message))
                    self.tell(f"{job.name}: run {run_id} is given up. {most}")
            finally:
                ledger.release(run_id)
        return True

    def _reap(self, ledger: Ledger) -> None:
        """Let go of runs whose processes have ended; what has no end yet may be taken again."""
        for run_id, launched in tuple(self._going.items()):
            if launched.over:
                ledger.release(run_id)
                del self._going[run_id]
                if why := launched.complaint():
                    self._complained(ledger, run_id, why)
                launched.said.close()

    def _complained(self, ledger: Ledger, run_id: int, why: str) -> None:
        """Try a run again whose process could not begin it; after some times it has failed."""
        with suppress(NbkitError):  # another one has it
            if ledger.is_live(run_id) or ledger.ended(run_id):
                return
            self._failed[run_id] += 1
            self.tell(f"run {run_id} could not begin: {why}")
            if self._failed[run_id] >= _TRIES:
                ledger.claim(run_id)
                give_up(run_id, ledger, why)
                ledger.release(run_id)

    def _job(self, ledger: Ledger, lease: Lease) -> Job:
        """Return the job of a run, as far as its queue is concerned."""
        deployed = ledger.jobs.find(lease.job_id)
        found = read_job(deployed.settings)[0] if deployed else None
        return found or parse_job(ledger.definition(lease.run_id).graph).graph.job
