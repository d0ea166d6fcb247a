"""What to do next: a pure question about the graph, the state and the time.

`decide` looks at what can move (ready, queued, running, waiting for a retry) and at nothing
else, so a step costs the same in a job of five tasks and in one of a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbkit.events import Unit
from nbkit.graph.kinds.condition import CONDITION
from nbkit.rules.commands import (
    CancelRun,
    FinishForEach,
    FinishRun,
    Skip,
    StartAttempt,
    StopAttempt,
    StopForEach,
    WarnOfDuration,
)
from nbkit.rules.moves import definition, duration_limit
from nbkit.rules.prepare import attempt_command, condition_command, for_each_command
from nbkit.rules.references import as_text
from nbkit.rules.rollup import rollup
from nbkit.rules.run_if import verdict
from nbkit.rules.task_runs import ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.errors import Cause
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.commands import Command
    from nbkit.rules.state import RunState, TaskState

_LONGEST_INPUT = 60


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and when to ask again.

    Attributes:
        commands: to be recorded, applied and done in this order.
        wake: when to ask again even if nothing happens; None for no such time. With commands
            it is now: what they set free is decided by asking again.
    """

    commands: tuple[Command, ...] = ()
    wake: int | None = None


def decide(graph: RunGraph, state: RunState, now: int) -> Decision:
    """Return the commands that are due at `now`."""
    if not state.started or state.finished:
        return Decision()
    commands = tuple(_commands(graph, state, now))
    return Decision(commands, now) if commands else Decision(wake=_wake(graph, state, now))


def _commands(graph: RunGraph, state: RunState, now: int) -> Iterator[Command]:
    if not state.unfinished:
        yield FinishRun(*rollup(graph, state))
        return
    if not state.cancel and _passed(_run_deadline(graph, state), now):
        yield CancelRun("timeout")
        return
    yield from _warnings(graph, state, now)
    yield from _stops(state, now)
    yield from _finished_for_each(graph, state)
    yield from _starts(graph, state, now)


def _warnings(graph: RunGraph, state: RunState, now: int) -> Iterator[Command]:
    """Say once what takes longer than its health rule allows."""
    for unit, limit_at in state.health.items():
        if limit_at <= now:
            rules = graph.job.health if unit is None else definition(graph, unit).health
            yield WarnOfDuration(duration_limit(rules) or 0, unit)


def _stops(state: RunState, now: int) -> Iterator[Command]:
    """End what runs too long, and what the run or its For each drags along."""
    for key, deadline in state.for_each.items():
        task = state.tasks[key]
        cause = _run_cause(state) or ("task_timeout" if _passed(deadline, now) else None)
        if cause and not task.stopping and task.last is not None:
            yield StopForEach(key, task.last.attempt, cause)
    for unit, deadline in state.running.items():
        found = state.unit(unit)
        attempt = found.last if found else None
        if attempt is None or attempt.stopping:
            continue
        cause = _run_cause(state) or state.tasks[unit.task_key].stopping
        if cause or _passed(deadline, now):
            yield StopAttempt(unit, attempt.attempt, cause or "task_timeout")


def _run_cause(state: RunState) -> Cause | None:
    if state.cancel is None:
        return None
    return "canceled" if state.cancel == "user" else "run_timeout"


def _finished_for_each(graph: RunGraph, state: RunState) -> Iterator[Command]:
    for key in state.for_each:
        task = state.tasks[key]
        if task.counts is None or task.counts.active:
            continue
        if task.stopping == "task_timeout":
            limit = graph.task(key).timeout_seconds
            yield FinishForEach(key, "TIMEDOUT", f"It took more than {limit} s.")
        elif task.stopping:
            yield FinishForEach(key, "CANCELED", "It was stopped with the run.")
        elif task.counts.given < len(task.counts.todo):
            continue
        elif task.counts.failed:
            yield FinishForEach(key, "FAILED", _failed_iterations(task))
        else:
            yield FinishForEach(key, "SUCCESS")


def _failed_iterations(task: TaskState) -> str:
    """Say how many iterations failed, and why the first of them did."""
    bad = [found for found in task.iterations if found.result != "SUCCESS"]
    text = as_text(bad[0].input)
    shown = text if len(text) <= _LONGEST_INPUT else f"{text[:_LONGEST_INPUT]}…"
    first = f"iteration {bad[0].index} ({shown}): {bad[0].message}"
    return f"{len(bad)} of {len(task.iterations)} iterations failed; the first was {first}"


def _starts(graph: RunGraph, state: RunState, now: int) -> Iterator[Command]:
    """Decide the tasks that need no slot, then fill the free slots: retries first."""
    id_of = ids(state)
    for key in state.at_once:
        judged, task_run_id = verdict(graph, state, key), id_of(Unit(key))
        if not judged.runs:
            assert judged.result is not None
            yield Skip(key, judged.result, judged.reason)
        elif graph.task(key).kind == CONDITION.name:
            yield condition_command(graph, state, key, task_run_id)
        else:
            yield for_each_command(graph, state, key, task_run_id)
    slots = state.parallel - len(state.running)
    due = sorted((at, unit) for unit, at in state.retries.items() if at <= now)
    for unit in (*(unit for _, unit in due), *state.queue):
        if slots <= 0:
            return
        command = attempt_command(graph, state, unit, id_of(unit))
        yield command
        slots -= isinstance(command, StartAttempt)


def _wake(graph: RunGraph, state: RunState, now: int) -> int | None:
    """Return the next time at which something is due by itself."""
    times = [
        time
        for due in (state.running, state.for_each, state.retries, state.health)
        for time in due.values()
    ]
    if not state.cancel:
        times.append(_run_deadline(graph, state))
    return min((time for time in times if time > now), default=None)


def _run_deadline(graph: RunGraph, state: RunState) -> int:
    """Return when the time of the run, or of its last repair, is up; 0 for never."""
    limit = graph.job.timeout_seconds
    return state.episodes[-1].started_at + limit * 1000 if limit else 0


def _passed(deadline: int, now: int) -> bool:
    return bool(deadline) and deadline <= now
