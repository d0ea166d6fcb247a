"""Whose turn it is: how many runs of one job go on at once, and who waits for it.

Places and waiting are locks of the operating system on files that belong to the job, so both
end with their process, however that ends. Runs are let in by their ids, the oldest first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_PATIENCE_SECONDS = 1.0  # others look whether the lock is held, which holds it for a moment


class Turn:
    """A run's claim to be one of `most` that go on at once; a context manager gives it back.

    Args:
        directory: the job's folder for this, shared by all processes; made when needed.
        run_id: of the run.
        most: how many runs of the job may go on at once.
    """

    def __init__(self, directory: Path, run_id: int, most: int) -> None:
        self._directory = directory
        self._run_id = run_id
        self._most = most
        self._place: FileLock | None = None
        self._waiting: FileLock | None = None

    def __enter__(self) -> Self:
        """Take nothing yet."""
        self._line.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the place to the next run."""
        self._leave_line()
        if self._place is not None:
            self._place.release()
            self._place = None

    def take(self) -> bool:
        """Take a place, if one is free and no older run waits; return whether it did."""
        if self._place is None and not self._older_waits():
            self._place = self._free_place()
            if self._place is not None:
                self._leave_line()
        return self._place is not None

    def join_line(self) -> None:
        """Wait in line from now on, ahead of younger runs; ask `take` from time to time."""
        if self._waiting is None:
            self._waiting = _lock(self._line / str(self._run_id))
            self._waiting.acquire(timeout=_PATIENCE_SECONDS, poll_interval=0.02)

    @property
    def _line(self) -> Path:
        return self._directory / "line"

    def _leave_line(self) -> None:
        if self._waiting is not None:
            (self._line / str(self._run_id)).unlink(missing_ok=True)
            self._waiting.release()
            self._waiting = None

    def _older_waits(self) -> bool:
        older = (file for file in self._line.iterdir() if file.name.isdecimal())
        return any(int(file.name) < self._run_id and _held(file) for file in older)

    def _free_place(self) -> FileLock | None:
        for number in range(self._most):
            lock = _lock(self._directory / f"place-{number}")
            try:
                lock.acquire(blocking=False)
            except Timeout:
                continue
            return lock
        return None


def _held(file: Path) -> bool:
    lock = _lock(file)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    file.unlink(missing_ok=True)  # its process died
    lock.release()
    return False


def _lock(file: Path) -> FileLock:
    # The thread that ends a run need not be the one that began it.
    return FileLock(file, thread_local=False)
