"""A driver that nobody uses: how long it stays, what it holds meanwhile, and for whom it leaves.

As build tools keep a daemon, a run that a person started leaves its driver ready for the next
one. It costs as little as it can, and is gone when the memory is wanted elsewhere.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbkit.channel import Channel
from nbkit.spark.cache import cache_directory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOOK_EVERY_SECONDS = 5.0
_LEAST_FREE = 0.08  # of the machine's memory


@dataclass(slots=True)
class Stay:
    """How long a driver stays when its last lease has ended.

    Attributes:
        grace: seconds that it stays in any case.
        asked: seconds that a person's run asked for.
        until: when it ends, on the monotonic clock; in use, nobody knows.
    """

    grace: float
    until: float
    asked: float = 0.0

    def ask(self, seconds: float) -> bool:
        """Stay at least so long from now on; True when it is asked for the first time."""
        first = not self.asked and seconds > 0
        self.asked = max(self.asked, seconds)
        return first

    def begin(self) -> None:
        """Take it that the last lease has ended just now."""
        self.until = time.monotonic() + max(self.grace, self.asked)

    @property
    def left(self) -> float:
        """Seconds until the end."""
        return self.until - time.monotonic()

    @property
    def by_courtesy(self) -> bool:
        """Whether it stays only to save the next run its start."""
        return self.asked > self.grace


def memory_is_short() -> bool:
    """Say whether other programs of this machine need the memory that an idle driver holds."""
    import psutil

    memory = psutil.virtual_memory()
    return bool(memory.available < _LEAST_FREE * memory.total)


@contextmanager
def announced(socket: str) -> Iterator[None]:
    """Let drivers of other projects ask this one to leave if it is idle."""
    folder = _drivers()
    folder.mkdir(parents=True, exist_ok=True)
    mine = folder / f"{os.getpid()}.json"
    mine.touch(0o600)
    mine.write_text(json.dumps(socket), "utf-8")
    try:
        yield
    finally:
        mine.unlink(missing_ok=True)


def make_room() -> None:
    """Ask the idle drivers of this user's other projects to leave; forget those that are gone."""
    for file in _drivers().glob("*.json"):
        try:
            channel = Channel.to(json.loads(file.read_text("utf-8")))
        except (OSError, ValueError):
            file.unlink(missing_ok=True)
            continue
        try:
            channel.send({"want": "room"})
            channel.receive()
        except OSError:
            pass  # it ended just now
        finally:
            channel.close()


def _drivers() -> Path:
    return cache_directory() / "drivers"
