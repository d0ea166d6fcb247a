"""Whose turn it is: how many runs of one job go on at once, and who waits for it.

Places and waiting are states of leases, so both end with their process, however that ends, on
whichever machine. Runs are let in by their ids, the oldest first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

    from nbkit.ledger.store import Ledger


class Turn:
    """A run's claim to be one of `most` that go on at once; a context manager gives it back.

    Args:
        ledger: which drives the run.
        run_id: of the run.
        most: how many runs of the job may go on at once.
    """

    def __init__(self, ledger: Ledger, run_id: int, most: int) -> None:
        self._ledger = ledger
        self._run_id = run_id
        self._most = most
        self._state = ""

    def __enter__(self) -> Self:
        """Take nothing yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the place to the next run."""
        if self._state:
            self._state = ""
            self._ledger.give_turn_back(self._run_id)

    def take(self) -> bool:
        """Take a place, if one is free and no older run waits; return whether it did."""
        if self._state != "going" and self._ledger.take_turn(self._run_id, self._most):
            self._state = "going"
        return self._state == "going"

    def join_line(self) -> None:
        """Wait in line from now on, ahead of younger runs; ask `take` from time to time."""
        if not self._state:
            self._ledger.join_line(self._run_id)
            self._state = "waiting"
