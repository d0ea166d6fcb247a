"""A run's way in: at once, after a wait in the queue, or not at all."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from nbkit.errors import UsageError
from nbkit.events import Noted, RunFinished, RunHeldUp
from nbkit.rules.termination import code_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbkit.clock import Clock
    from nbkit.events import Event, ResultState
    from nbkit.graph.model import Job
    from nbkit.ledger.turn import Turn
    from nbkit.scheduler.cancel import Watch

_LOOK_EVERY_SECONDS = 0.2


def admitted(
    job: Job,
    turn: Turn,
    held_up: RunHeldUp,
    *,
    tell: Callable[[Event], None],
    watch: Watch,
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
    tell(held_up)
    if not waits(job):
        end: ResultState = "MAXIMUM_CONCURRENT_RUNS_REACHED"
        tell(RunFinished(clock.now(), end, code_of(end), held_up.message))
        return False
    turn.join_line()
    if _waited(turn, watch, clock):
        return True
    message = "The run was cancelled while it waited for its turn."
    tell(RunFinished(clock.now(), "CANCELED", code_of("CANCELED"), message))
    return False


def readmitted(
    job: Job,
    turn: Turn,
    *,
    tell: Callable[[Event], None],
    watch: Watch,
    clock: Clock,
) -> bool:
    """Return whether a repair may begin; it waits for its turn like a run, but is never skipped.

    Raises:
        UsageError: it cannot begin now, and the job has no queue.
    """
    if turn.take():
        return True
    if not waits(job):
        raise UsageError(f"{too_many(job)} Wait for their end, or cancel one.")
    tell(Noted(clock.now(), f"{too_many(job)} The repair waits for its turn."))
    turn.join_line()
    return _waited(turn, watch, clock)


def waits(job: Job) -> bool:
    """Return whether runs over the limit wait; the Jobs API 2.2 has the queue on by default."""
    return job.max_concurrent_runs > 0 and (job.queue is None or job.queue.enabled)


def too_many(job: Job) -> str:
    """Say that as many runs of the job go on as may."""
    most = job.max_concurrent_runs
    if most == 0:
        return "The job allows no runs (max_concurrent_runs is 0)."
    going = "Another run of this job is" if most == 1 else f"{most} other runs of this job are"
    return f"{going} going on (max_concurrent_runs is {most})."


def _waited(turn: Turn, watch: Watch, clock: Clock) -> bool:
    while not turn.take():
        if watch.cancel_wanted(clock.now()):
            return False
        time.sleep(_LOOK_EVERY_SECONDS)
    return True
