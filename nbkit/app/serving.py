"""Whether a service looks after a project on this machine: each holds a lock that ends with it.

A service has a file for itself, and who asks shares what is free: nobody who asks is in the way of
another one, or is taken for a service.
"""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

from nbkit.spark.discovery import make_state_directory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedWriter
    from pathlib import Path

    from nbkit.settings import Settings

NO_SERVICE = "no service runs on this machine; `nbkit serve` starts it"


@contextmanager
def serving(settings: Settings) -> Iterator[None]:
    """Be known as a service of the project; any number of them may be.

    A folder that cannot be written, or has no locks, leaves it unknown: its triggers fire all the
    same.
    """
    try:
        make_state_directory(settings)
        held = _held(_folder(settings))
    except OSError:
        yield
        return
    with held:
        yield


def is_served(settings: Settings) -> bool:
    """Tell whether a service of the project runs on this machine. Writes nothing."""
    return any(map(_is_held, _folder(settings).glob("*")))


def _held(folder: Path) -> BufferedWriter:
    """Return the first file that no service has, locked."""
    folder.mkdir(exist_ok=True)
    numbers = count()
    while True:
        file = (folder / str(next(numbers))).open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            if not isinstance(error, BlockingIOError):
                raise
        else:
            return file


def _is_held(file: Path) -> bool:
    try:
        with file.open("rb") as asked:
            fcntl.flock(asked, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _folder(settings: Settings) -> Path:
    return settings.state_directory / "services"
