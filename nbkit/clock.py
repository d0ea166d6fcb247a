"""The clock as an argument: nothing that decides ever reads the time by itself."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What tells the time to the scheduler; tests pass one that stands still."""

    def now(self) -> int:
        """Return the time in milliseconds since the epoch, UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        """Return the time in milliseconds since the epoch, UTC."""
        return time.time_ns() // 1_000_000
