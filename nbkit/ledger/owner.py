"""Who drives runs: a process, known by a name of its own and by a lock that ends with it.

The lock is one of the operating system, on a file with the owner's name. It ends with its process,
however that ends, so everybody on the same machine knows at once that an owner is dead.
"""

from __future__ import annotations

import fcntl
import os
import platform
import uuid
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO
from urllib.parse import unquote_to_bytes, urlsplit

from nbkit.errors import SetupError

FOLDER = ".owners"


class Owner:
    """One who may drive runs, from the first call of `appear` to `leave`.

    Args:
        home: the folder in which the lock is made; None if no lock can be.
    """

    def __init__(self, home: Path | None) -> None:
        self.name = uuid.uuid4().hex
        self.host = f"{platform.node()} (process {os.getpid()})"
        self.machine = machine()
        self._file = home and home.absolute() / FOLDER / self.name
        self._held: IO[bytes] | None = None

    @property
    def lock(self) -> str:
        """Where the lock is, as a `file:` address: names of folders need not be Unicode."""
        return self._file.as_uri() if self._file else ""

    def appear(self) -> None:
        """Hold the lock from now on.

        Raises:
            SetupError: the folder cannot be written.
        """
        if self._file is None or self._held is not None:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._held = self._file.open("wb")
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            folder = self._file.parent.parent
            message = f"The folder of runs {folder} cannot be used: {error.strerror or error}"
            raise SetupError(message, "See `[run] directory` in nbkit.toml.") from error

    def is_neighbour(self, lock: str) -> bool:
        """Tell whether another owner lives whose runs are in the same folder."""
        return self._file is not None and _asked(self._file.with_name(_place(lock).name)) is True

    def leave(self) -> None:
        """Let go of the lock."""
        if self._held is not None and self._file is not None:
            with suppress(OSError):
                self._file.unlink(missing_ok=True)
            self._held.close()
            self._held = None


def is_held(lock: str, home: Path | None = None) -> bool | None:
    """Tell whether the owner with this lock lives; it was made on this machine. Writes nothing.

    None says that there is no such lock to be seen: its owner has left, or is in a container of
    this machine, with folders of its own.

    Args:
        lock: where its owner has it.
        home: where it is to be seen too, if that one's folder of runs has another path here.
    """
    place = _place(lock)
    seen = _asked(place)
    return seen if seen is not None or home is None else _asked(home / FOLDER / place.name)


def _asked(place: Path) -> bool | None:
    try:
        with place.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:  # somebody else's folder: what cannot be asked is not called dead
        return True
    return False


def _place(lock: str) -> Path:
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(lock).path)))


@cache
def machine() -> str:
    """Return a name for this machine, until it is started again.

    A container has that of its machine if it has its host name; see `is_held`.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        boot = f"{uuid.getnode():x}"
    return f"{platform.node()}/{boot}"
