"""Progress at a pace that people and the ledger can follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbkit.events import AttemptProgressed, Unit

_PACE_MILLISECONDS = 1000


class Throttle:
    """Lets one progress event a second through for each attempt, and always the latest."""

    def __init__(self) -> None:
        self._waiting: dict[Unit, AttemptProgressed] = {}
        self._free_at: dict[Unit, int] = {}

    def offer(self, event: AttemptProgressed) -> None:
        """Take an event; it replaces an older one that still waits."""
        self._waiting[event.unit] = event

    def due(self, now: int) -> list[AttemptProgressed]:
        """Return the events whose time has come."""
        units = [unit for unit in self._waiting if self._free_at.get(unit, 0) <= now]
        for unit in units:
            self._free_at[unit] = now + _PACE_MILLISECONDS
        return [self._waiting.pop(unit) for unit in units]

    def next_due(self) -> int | None:
        """Return when `due` has something to return; None for never."""
        return min((self._free_at.get(unit, 0) for unit in self._waiting), default=None)

    def forget(self, unit: Unit) -> None:
        """Drop what an attempt that is over would still have said."""
        self._waiting.pop(unit, None)
        self._free_at.pop(unit, None)
