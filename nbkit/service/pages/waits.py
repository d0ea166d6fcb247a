"""Why deployed jobs wait, for lists that are asked for every few seconds.

Folders, tables and files of jobs are looked at beside the requests: a disk that does not answer
holds up no list, which says what was seen last.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbkit.app.decided import KnownJob
from nbkit.app.serving import is_served
from nbkit.app.waiting import waits_of_files, waits_of_triggers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbkit.app.waiting import Wait
    from nbkit.ledger.deployed import DeployedJob
    from nbkit.ledger.watching import Watches
    from nbkit.settings import Settings

_AT_ONCE = 4
_EVERY_SECONDS = 3
_SHARE = 0.05
"""Of the time of a thread, that the looks at one job may take."""
_PATIENCE_SECONDS = 0.5
"""How long a list waits for the first look at a job."""

Found = tuple["Wait", ...]


@dataclass(slots=True)
class _Seen:
    """A job with the looks at it.

    Attributes:
        known: the job.
        found: what the last look found.
        looking: the look that is under way, or was the last.
        begun, ended: when that was, by the machine's own clock.
    """

    known: KnownJob
    looking: Future[Found]
    found: Found = ()
    begun: float = 0
    ended: float = 0

    def take(self) -> Found:
        """Return what was seen last.

        Raises:
            NbkitError: the ledger cannot be used.
        """
        if self.looking.done():
            self.found = self.looking.result()
        return self.found

    def is_old(self, now: float) -> bool:
        """Tell whether it is time for another look."""
        if not self.looking.done():
            return False
        return now - self.begun > max(_EVERY_SECONDS, (self.ended - self.begun) / _SHARE)


class WaitsSeen:
    """What deployed jobs wait for, as it was seen last; safe to use from several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._seen: dict[int, _Seen] = {}
        self._pool = ThreadPoolExecutor(_AT_ONCE, "nbkit waits")

    def close(self) -> None:
        """Wait for no look that is under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def of(self, jobs: Sequence[DeployedJob], watches: Watches) -> list[tuple[KnownJob, Found]]:
        """Return each job as it is read, and what its triggers and its files wait for.

        Raises:
            NbkitError: the ledger cannot be used.
        """
        try:
            with self._lock:
                old = self._seen
                self._seen = {job.job_id: self._looked(job, jobs, watches, old) for job in jobs}
                seen = list(self._seen.values())
            new = [each.looking for each in seen if old.get(each.known.job.job_id) is not each]
            wait(new, timeout=_PATIENCE_SECONDS)
            return [(each.known, each.take()) for each in seen]
        except BaseException:
            with self._lock:
                self._seen = {}  # the next list looks anew
            raise

    def _looked(
        self,
        job: DeployedJob,
        jobs: Sequence[DeployedJob],
        watches: Watches,
        before: Mapping[int, _Seen],
    ) -> _Seen:
        seen, now = before.get(job.job_id), time.monotonic()
        if seen is None or seen.known.job.updated_at != job.updated_at:
            seen = _Seen(KnownJob.of(job), Future())
        elif not seen.is_old(now):
            return seen
        else:
            seen.take()
        seen.begun = now
        seen.looking = self._pool.submit(self._look, seen, jobs, watches)
        return seen

    def _look(self, seen: _Seen, jobs: Sequence[DeployedJob], watches: Watches) -> Found:
        served = is_served(self._settings)
        try:
            return (
                *waits_of_triggers(seen.known, jobs, watches, self._settings, served=served),
                *waits_of_files(seen.known.job, self._settings),
            )
        finally:
            seen.ended = time.monotonic()
