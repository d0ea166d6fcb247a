"""The clock of the database, read now and then and carried on in between."""

from __future__ import annotations

import time

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""It runs on while the machine sleeps, and nobody can set it."""


class DatabaseClock:
    """Tells the time by the database, whatever the machine's own clock says; never backwards."""

    def __init__(self, now: int) -> None:
        self._latest = now
        self.heard(now)

    def heard(self, now: int) -> None:
        """Take the database's word for the time now, in milliseconds since the epoch."""
        self._word, self._at = now, time.clock_gettime_ns(_CLOCK)

    def now(self) -> int:
        """Return the time in milliseconds since the epoch, UTC."""
        passed = (time.clock_gettime_ns(_CLOCK) - self._at) // 1_000_000
        self._latest = max(self._latest, self._word + passed)
        return self._latest
