"""Runs as they stand, for those who look again and again: each look reads only what is new."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url

from nbkit.app import history
from nbkit.app.following import Follower
from nbkit.app.located import STREAM
from nbkit.app.opening import open_ledger
from nbkit.app.work_board import with_work
from nbkit.graph.address import Address
from nbkit.ledger.database import folder_of
from nbkit.rules.record import record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbkit.ledger.reader import RunSummary
    from nbkit.ledger.store import Ledger
    from nbkit.rules.record import Kept
    from nbkit.settings import Settings

_REMEMBERED = 64
_AT_A_TIME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which runs to list, the newest first.

    Attributes:
        job_id: of this job only.
        job_name: of jobs of this name only.
        active: those that go on, or wait to; False for those that are over, None for both.
        from_time, to_time: that began within these, in epoch milliseconds; 0 for any time.
        before: with an id below this; 0 for all.
        skip: leave out as many of them.
        most: at most so many.
    """

    job_id: int | None = None
    job_name: str | None = None
    active: bool | None = None
    from_time: int = 0
    to_time: int = 0
    before: int = 0
    skip: int = 0
    most: int = 20

    def takes(self, run: RunSummary, live: set[int]) -> bool:
        """Say whether a run is wanted, given which are driven right now."""
        going = run.state != "TERMINATED" and (run.planned or run.run_id in live)
        if self.active is not None and going != self.active:
            return False
        began = run.started_at or run.created_at
        return self.from_time <= began and (not self.to_time or began <= self.to_time)


@dataclass(slots=True)
class _Followed:
    """A run that was asked for before."""

    follower: Follower
    submitted: bool
    created: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    kept: Kept = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)


class RunWatch:
    """Tells how runs stand; safe to use from several threads.

    Args:
        settings: of the project.

    Raises:
        NbkitError: from every method, when the ledger cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._ledger: Ledger | None = None
        self._file = _file_of(settings.ledger_url)
        self._identity: object = None
        self._followed: OrderedDict[int, _Followed] = OrderedDict()

    def close(self) -> None:
        """Let go of the ledger."""
        with self._lock:
            self._let_go()

    def record(self, run_id: int) -> dict[str, Any]:
        """Return the record of a run as it stands; it must not be changed.

        `submitted` in it says whether the run is of no job but its own, and `created` when it came
        on record.

        Raises:
            RunNotFoundError: there is no such run.
        """
        followed = self._followed_run(run_id)
        with followed.lock:
            seen = followed.follower.look()
            if seen is None:
                return followed.record
            graph, state = seen.graph, seen.state
            if not seen.live and not state.finished:  # nobody drives it
                graph, state = history.show(run_id, self._settings)
            if not state.run_id:  # nothing of it is on record but that it is to begin
                begun = self.ledger().summary(run_id)
                name, job_id = begun.job_name, begun.job_id
                state = replace(state, run_id=run_id, job_id=job_id, run_name=name)
            made = with_work(record(graph, state, kept=followed.kept), seen.works)
            own = {"submitted": followed.submitted, "created": followed.created}
            followed.record = {**made, **own}
            return followed.record

    def runs(self, wanted: Wanted) -> list[int]:
        """Return the ids of runs, the newest first."""
        found: list[int] = []
        left = wanted.skip
        for run in self._listed(wanted):
            if left:
                left -= 1
                continue
            found.append(run)
            if len(found) == wanted.most:
                break
        return found

    def _listed(self, wanted: Wanted) -> Iterator[int]:
        before = wanted.before
        while True:
            ledger = self.ledger()
            listed = ledger.runs(
                wanted.job_name,
                _AT_A_TIME,
                job_id=wanted.job_id,
                before=before,
                open_only=bool(wanted.active),
            )
            live = ledger.live_runs() if wanted.active is not None else set()
            yield from (run.run_id for run in listed if wanted.takes(run, live))
            if len(listed) < _AT_A_TIME:
                return
            before = listed[-1].run_id

    def ledger(self) -> Ledger:
        """Return the project's ledger, opened once, and anew if its file was replaced."""
        with self._lock:
            identity = _identity(self._file)
            if self._ledger is not None and identity != self._identity:
                self._let_go()
            if self._ledger is None:
                self._ledger = open_ledger(self._settings)
                self._identity = _identity(self._file)
            return self._ledger

    def _followed_run(self, run_id: int) -> _Followed:
        ledger = self.ledger()
        with self._lock:
            known = self._followed.get(run_id)
            if known is not None:
                self._followed.move_to_end(run_id)
                return known
        begun = ledger.summary(run_id)
        follower = Follower(run_id, ledger, self._settings)
        submitted = Address.parse(begun.source).job.rpartition("/")[2] == STREAM
        with self._lock:
            made = self._followed.setdefault(
                run_id, _Followed(follower, submitted, begun.created_at)
            )
            while len(self._followed) > _REMEMBERED:
                self._followed.popitem(last=False)
            return made

    def forget(self, run_id: int) -> None:
        """Drop what is remembered of a run that was removed."""
        with self._lock:
            self._followed.pop(run_id, None)

    def _let_go(self) -> None:
        self._followed.clear()
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None


def _file_of(url: str) -> Path | None:
    folder = folder_of(url)
    name = make_url(url).database or ""
    return None if folder is None else folder / name.rpartition("/")[2]


def _identity(file: Path | None) -> object:
    """Return what tells one file of this name from another."""
    if file is None:
        return None
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
