"""What becomes of attempts whose orchestrator died."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.errors import Failure
from nbkit.events import AttemptFinished

if TYPE_CHECKING:
    from nbkit.rules.state import RunState

_MESSAGE = "The nbkit process that ran this attempt ended before the attempt did."


def lost_attempts(state: RunState, now: int) -> list[AttemptFinished]:
    """Return the end of every attempt that still runs according to `state`.

    For whoever takes a run up again: kernels die with their orchestrator, so these attempts
    are over, and the retry rules apply to them as to any failure.
    """
    ends = []
    for unit in state.running:
        found = state.unit(unit)
        last = found.last if found is not None else None
        if last is not None:
            failure = Failure("orchestrator_lost", _MESSAGE)
            ends.append(AttemptFinished(now, unit, last.attempt, "FAILED", failure=failure))
    return ends
