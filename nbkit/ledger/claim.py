"""Who drives a run: one process at a time, for as long as it lives.

The claim is a lock of the operating system on `runs/<run_id>/lock`. It ends with its process,
however that ends, so a run without an end and without a claim was lost.
"""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from nbkit.errors import SetupError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FILE_NAME = "lock"
_PATIENCE_SECONDS = 1.0  # `is_live` holds the lock for a moment too


@contextmanager
def claim(run_directory: Path) -> Iterator[None]:
    """Be the one process that drives the run of this folder.

    Raises:
        UsageError: another process drives it.
        SetupError: the folder cannot be written.
    """
    try:
        run_directory.mkdir(parents=True, exist_ok=True)
        lock = _lock(run_directory)
        lock.acquire(timeout=_PATIENCE_SECONDS, poll_interval=0.02)
    except Timeout:
        raise UsageError(f"Run {run_directory.name} is being driven by another process.") from None
    except OSError as error:
        message = f"The run folder {run_directory} cannot be used: {error.strerror or error}"
        raise SetupError(message, "See `[run] directory` in nbkit.toml.") from error
    try:
        yield
    finally:
        lock.release()


def is_live(run_directory: Path) -> bool:
    """Tell whether a process drives the run of this folder right now; nothing is written."""
    try:
        with (run_directory / _FILE_NAME).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # somebody else's folder: what cannot be asked is not called lost
        return True
    return False


def _lock(run_directory: Path) -> FileLock:
    # The thread that ends a run need not be the one that began it.
    return FileLock(run_directory / _FILE_NAME, thread_local=False)
