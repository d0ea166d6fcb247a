"""A run's way in: at once, after a wait in the queue, or not at all."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from nbkit.errors import UsageError
from nbkit.events import Noted, RunFinished, RunHeldUp
from nbkit.rules.queue import LONGEST_WAIT_HOURS, too_many, waited_too_long, waits
from nbkit.rules.termination import code_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbkit.clock import Clock
    from nbkit.events import Event, ResultState
    from nbkit.graph.model import Job
    from nbkit.ledger.turn import Turn
    from nbkit.scheduler.cancel import CancelWatch

    _Wait = Literal["turn", "cancelled", "given up"]

_LOOK_EVERY_SECONDS = 0.2


def admitted(
    job: Job,
    turn: Turn,
    held_up: RunHeldUp,
    *,
    tell: Callable[[Event], None],
    watch: CancelWatch,
    clock: Clock,
) -> bool:
    """Return whether a run may begin, once that is known; `tell` records why not yet or never.

    Args:
        job: says how many of its runs may go on at once, and whether the others wait.
        turn: the run's claim to be one of them.
        held_up: what to record if it cannot begin at once.
        tell: records an event.
        watch: tells whether somebody wants the run to end while it waits.
        clock: tells the time.
    """
    if turn.take():
        return True
    end: ResultState = "MAXIMUM_CONCURRENT_RUNS_REACHED"
    tell(held_up)
    if not waits(job):
        tell(RunFinished(clock.now(), end, code_of(end), held_up.message))
        return False
    turn.join_line()
    waited = _waited(turn, watch, clock, held_up.at)
    if waited == "cancelled":
        message = "The run was cancelled while it waited for its turn."
        tell(RunFinished(clock.now(), "CANCELED", code_of("CANCELED"), message))
    elif waited == "given up":
        message = f"{held_up.message} It waited for {LONGEST_WAIT_HOURS} hours, the most there is."
        tell(RunFinished(clock.now(), end, code_of(end), message))
    return waited == "turn"


def readmitted(
    job: Job,
    turn: Turn,
    *,
    tell: Callable[[Event], None],
    watch: CancelWatch,
    clock: Clock,
) -> bool:
    """Return whether a repair may begin; it waits for its turn like a run, but is never skipped.

    Raises:
        UsageError: it cannot begin now, and the job has no queue, or it waited for too long.
    """
    if turn.take():
        return True
    if not waits(job):
        raise UsageError(f"{too_many(job)} Wait for their end, or cancel one.")
    since = clock.now()
    tell(Noted(since, f"{too_many(job)} The repair waits for its turn."))
    turn.join_line()
    waited = _waited(turn, watch, clock, since)
    if waited == "given up":
        raise UsageError(f"{too_many(job)} The repair waited for {LONGEST_WAIT_HOURS} hours.")
    return waited == "turn"


def _waited(turn: Turn, watch: CancelWatch, clock: Clock, since: int) -> _Wait:
    """Wait for the run's turn, and return how that ended."""
    while not turn.take():
        now = clock.now()
        if watch.cancel_wanted(now):
            return "cancelled"
        if waited_too_long(since, now):
            return "given up"
        time.sleep(_LOOK_EVERY_SECONDS)
    return "turn"
