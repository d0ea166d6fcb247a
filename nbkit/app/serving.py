"""Whether a service looks after a project on this machine: it holds a lock that ends with it."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from nbkit.spark.discovery import make_state_directory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbkit.settings import Settings

NO_SERVICE = "no service runs on this machine; `nbkit serve` starts it"


@contextmanager
def serving(settings: Settings) -> Iterator[None]:
    """Be known as a service of the project; any number of them may be.

    A folder that cannot be written leaves it unknown: its triggers fire all the same.
    """
    try:
        make_state_directory(settings)
        held = _file(settings).open("ab")
    except OSError:
        yield
        return
    with held:
        with suppress(OSError):  # a storage without locks
            fcntl.flock(held, fcntl.LOCK_SH)
        yield


def is_served(settings: Settings) -> bool:
    """Tell whether a service of the project runs on this machine. Writes nothing."""
    try:
        with _file(settings).open("rb") as asked:
            fcntl.flock(asked, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _file(settings: Settings) -> Path:
    return settings.state_directory / "serving"
