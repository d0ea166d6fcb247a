"""The triggers of all deployed jobs, looked at round after round; what fires is put on record."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbkit.app.decided import KnownJob, decided, remembered
from nbkit.app.facts import look_every, outside
from nbkit.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from nbkit.app.facts import Outside
    from nbkit.ledger.deployed import DeployedJob
    from nbkit.ledger.store import Ledger
    from nbkit.ledger.watching import TriggerMemory
    from nbkit.rules.triggers.kinds import Trigger
    from nbkit.settings import Settings

_LOOKS_AT_ONCE = 4


@dataclass(slots=True)
class _Watched:
    """A trigger that is looked at.

    Attributes:
        job, trigger: which.
        watch: what it has seen, as last read; None to read it anew.
        at, look_at: when it was decided last, and when to decide again.
        asked: a look at what is outside, under way.
        asked_at: when that began, by the machine's own clock.
        told: the last thing that was said of it.
    """

    job: DeployedJob
    trigger: Trigger
    watch: TriggerMemory | None = None
    at: int = 0
    look_at: int = 0
    asked: Future[Outside] | None = None
    asked_at: float = 0
    told: str = ""

    @property
    def key(self) -> tuple[int, str]:
        """Its key in the ledger."""
        return self.job.job_id, self.trigger.key


@dataclass(slots=True)
class Triggers:
    """Decides, in each round, what fires.

    Args:
        settings: of the project.
        tell: is told what happens, in one line each.
        pages: returns the address of pages where runs are shown; empty for none.
    """

    settings: Settings
    tell: Callable[[str], None]
    pages: Callable[[], str]
    _jobs: dict[int, DeployedJob] = field(default_factory=dict)
    _watched: dict[int, list[_Watched]] = field(default_factory=dict)
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_LOOKS_AT_ONCE, "nbkit looks")
    )

    def round(self, ledger: Ledger) -> int:
        """Look at every trigger once, and return how many fired.

        Raises:
            NbkitError: the ledger cannot be used; what fired until then is on record.
        """
        self._refresh(ledger)
        now, revisions = ledger.watches.now(), ledger.watches.revisions()
        fired = 0
        for watched in [each for of_job in self._watched.values() for each in of_job]:
            revision = revisions.get(watched.key, 0)
            if watched.watch is not None and watched.watch.revision != revision:
                watched.watch = None
            fired += self._look(watched, ledger, now)
        return fired

    def close(self) -> None:
        """Wait for no look that is under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _refresh(self, ledger: Ledger) -> None:
        """Take in what was deployed, changed and removed since the round before."""
        versions = ledger.jobs.versions()
        for job_id in self._jobs.keys() - versions.keys():
            del self._jobs[job_id], self._watched[job_id]
        for job_id, version in versions.items():
            known = self._jobs.get(job_id)
            if known is not None and known.updated_at == version:
                continue
            job = ledger.jobs.find(job_id)
            if job is None:  # removed just now
                continue
            self._jobs[job_id] = job
            self._watched[job_id] = [_Watched(job, each) for each in KnownJob.of(job).triggers]

    def _look(self, watched: _Watched, ledger: Ledger, now: int) -> bool:
        """Decide about one trigger, if it is worth it; return whether it fired."""
        set_back = now < watched.at
        if watched.watch is not None and now < watched.look_at and not set_back:
            return False
        try:
            seen = self._outside(watched)
            if seen is None:
                return False
            of, watches = (watched.trigger, watched.job), ledger.watches
            known = remembered(*of, watches, watched.watch)
            jobs = list(self._jobs.values())
            decision = decided(*of, watches, known, now=now, jobs=jobs, seen=seen).decision
        except (UsageError, ValueError) as error:
            self._say(watched, str(error))
            return False
        watch = known.watch
        watched.watch, watched.at, watched.look_at = watch, now, decision.look_at
        if decision.reason:
            self._say(watched, decision.reason)
        else:
            watched.told = ""
        if decision.firing is None or decision.memory is None:
            if decision.memory is not None and decision.memory != known.memory:
                ledger.remember(watched.job, watch, decision.memory)
                watched.watch = None
            return False
        found = (watched.job, watch, decision.memory, decision.firing)
        run_id = ledger.fire(*found, pages=self.pages())
        watched.watch = None
        if run_id is None:
            return False
        late = f" {decision.firing.message}" if decision.firing.message else ""
        self.tell(f"{watched.job.name}: run {run_id} by its {watched.trigger.kind}.{late}")
        return True

    def _outside(self, watched: _Watched) -> Outside | None:
        """Return what a look outside found, once it has; None while there is nothing new.

        Looks are made in threads: a disk that does not answer holds up nobody else.

        Raises:
            UsageError: it cannot be looked at.
        """
        every = look_every(watched.trigger, self.settings)
        if not every:
            return {}
        if watched.asked is None:
            if time.monotonic() - watched.asked_at < every:
                return None
            watched.asked_at = time.monotonic()
            watched.asked = self._pool.submit(outside, watched.trigger, watched.job, self.settings)
        if not watched.asked.done():
            return None
        done, watched.asked = watched.asked, None
        return done.result()

    def _say(self, watched: _Watched, message: str) -> None:
        """Tell what is with a trigger, once for as long as it stays so."""
        if message != watched.told:
            watched.told = message
            self.tell(f"{watched.job.name}: {message}")
