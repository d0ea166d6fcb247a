"""The state of a run as the fold of its events: the only way that state changes.

An event that does not fit (an attempt that is over already, a task that the job no longer has)
leaves the state alone, so a replay never fails.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeVar

from pyrsistent import pmap

from nbkit import events
from nbkit.errors import Failure
from nbkit.events import Unit
from nbkit.rules import moves, run_steps, task_runs
from nbkit.rules.retry import retries_on_failure, retry_at, retry_in_continuous_run
from nbkit.rules.state import AttemptState, RunState, TaskState, UnitState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nbkit.events import Event
    from nbkit.graph.run_graph import RunGraph


Work = TypeVar("Work", bound=UnitState)


def replay(graph: RunGraph, recorded: Iterable[Event]) -> RunState:
    """Return the state after all the events of a run."""
    return reduce(lambda state, event: apply(graph, state, event), recorded, RunState.fresh(graph))


def apply(graph: RunGraph, state: RunState, event: Event) -> RunState:
    """Return the state after one more event."""
    step = _STEPS.get(type(event))
    state = step(graph, state, event) if step else state
    # also of a task that the job no longer has: no other may have its id
    return task_runs.counted(state, getattr(event, "task_run_id", 0))


def _skipped(graph: RunGraph, state: RunState, event: events.TaskSkipped) -> RunState:
    task = state.tasks.get(event.task_key)
    if task is None or task.life == "TERMINATED":
        return state
    task_run_id = task_runs.ids(state)(Unit(event.task_key))
    marked = replace(task, reason=event.reason, task_run_id=task_run_id)
    state = task_runs.counted(state.with_task(marked), task_run_id)
    why = Failure(cause="run_timeout", message="") if state.cancel == "timeout" else None
    return moves.end_task(
        graph,
        state,
        event.task_key,
        at=event.at,
        result=event.result,
        message=event.reason,
        failure=why,
    )


def _condition_evaluated(
    graph: RunGraph, state: RunState, event: events.ConditionEvaluated
) -> RunState:
    task = state.tasks.get(event.task_key)
    if task is None or task.life == "TERMINATED":
        return state
    result: events.ResultState = "FAILED" if event.failure else "SUCCESS"
    attempt = AttemptState(
        attempt=len(task.attempts),
        task_run_id=event.task_run_id,
        started_at=event.at,
        finished_at=event.at,
        result=result,
        failure=event.failure,
    )
    decided = replace(
        _with_attempt(task, attempt),
        outcome=event.outcome,
        operands=(event.left, event.op, event.right),
    )
    state = state.with_task(decided)
    return moves.end_task(
        graph, state, event.task_key, at=event.at, result=result, failure=event.failure
    )


def _for_each_started(graph: RunGraph, state: RunState, event: events.ForEachStarted) -> RunState:
    key = event.task_key
    task = state.tasks.get(key)
    if task is None or task.life == "TERMINATED" or key in state.for_each:
        return state
    timeout = graph.task(key).timeout_seconds or 0
    attempt = AttemptState(
        attempt=len(task.attempts),
        task_run_id=event.task_run_id,
        started_at=event.at,
        timeout_seconds=timeout,
    )
    task = replace(_with_attempt(task, attempt), life="RUNNING")
    state = moves.forget(state, Unit(key))
    if event.failure is not None:
        attempt = replace(attempt, finished_at=event.at, result="FAILED", failure=event.failure)
        state = state.with_task(_with_last(task, attempt))
        return moves.end_task(
            graph, state, key, at=event.at, result="FAILED", failure=event.failure
        )
    deadline = event.at + timeout * 1000 if timeout else 0
    state = state.with_task(moves.start_iterations(task, event.inputs))
    state = replace(state, for_each=state.for_each.set(key, deadline))
    state = moves.watch_health(state, Unit(key), graph.task(key).health, event.at)
    return moves.give_out(graph, state, key)


def _for_each_finished(graph: RunGraph, state: RunState, event: events.ForEachFinished) -> RunState:
    task = state.tasks.get(event.task_key)
    if task is None or event.task_key not in state.for_each:
        return state
    iterations = task.iterations
    if task.counts is not None and task.counts.given < len(task.counts.todo):
        for index in task.counts.todo[task.counts.given :]:
            never = replace(
                iterations[index],
                life="TERMINATED",
                result="CANCELED",
                code="CANCELED",
                message=f"It never started: {event.message[:1].lower()}{event.message[1:]}",
                finished_at=event.at,
            )
            iterations = iterations.set(index, never)
    if task.last is not None:
        ended = replace(task.last, finished_at=event.at, result=event.result)
        task = _with_last(replace(task, iterations=iterations), ended)
    return moves.end_task(
        graph,
        state.with_task(task),
        event.task_key,
        at=event.at,
        result=event.result,
        message=event.message,
    )


def _attempt_started(graph: RunGraph, state: RunState, event: events.AttemptStarted) -> RunState:
    unit = event.unit
    found = state.unit(unit)
    if found is None or found.life == "TERMINATED" or event.attempt != len(found.attempts):
        return state
    attempt = AttemptState(
        attempt=event.attempt,
        task_run_id=event.task_run_id,
        started_at=event.at,
        block=event.block,
        parameters=event.parameters,
        timeout_seconds=event.timeout_seconds,
    )
    deadline = event.at + event.timeout_seconds * 1000 if event.timeout_seconds else 0
    running = replace(_with_attempt(found, attempt), life="RUNNING", retry_at=None, values=pmap())
    state = moves.forget(state, unit).with_unit(unit, running)
    state = replace(state, running=state.running.set(unit, deadline))
    return moves.watch_health(state, unit, moves.definition(graph, unit).health, event.at)


def _progressed(_: RunGraph, state: RunState, event: events.AttemptProgressed) -> RunState:
    found = state.unit(event.unit)
    if event.unit not in state.running or found is None or found.last is None:
        return state
    if found.last.attempt != event.attempt:
        return state
    return state.with_unit(
        event.unit, _with_last(found, replace(found.last, cell=event.cell, cells=event.cells))
    )


def _value_set(_: RunGraph, state: RunState, event: events.TaskValueSet) -> RunState:
    found = state.unit(event.unit)
    if found is None:
        return state
    return state.with_unit(
        event.unit, replace(found, values=found.values.set(event.key, event.value))
    )


def _reported(_: RunGraph, state: RunState, event: events.AttemptReported) -> RunState:
    found = state.unit(event.unit)
    if found is None or found.last is None or found.last.attempt != event.attempt:
        return state
    key = (event.report["kind"], event.report["id"])
    told = replace(found.last, reports={**found.last.reports, key: event.report})
    return state.with_unit(event.unit, _with_last(found, told))


def _stopping(graph: RunGraph, state: RunState, event: events.AttemptStopping) -> RunState:
    unit = event.unit
    found = state.unit(unit)
    if found is None or found.last is None or found.last.attempt != event.attempt:
        return state
    marked = _with_last(found, replace(found.last, stopping=event.cause))
    if unit in state.running:
        return replace(state.with_unit(unit, marked), running=state.running.set(unit, 0))
    if isinstance(marked, TaskState) and unit.task_key in state.for_each:
        state = state.with_task(replace(marked, stopping=event.cause))
        state = replace(state, for_each=state.for_each.set(unit.task_key, 0))
        why = Failure(cause=event.cause, message="The For each task was stopped.")
        return moves.drop_waiting(graph, state, event.at, why, unit.task_key)
    return state


def _attempt_finished(graph: RunGraph, state: RunState, event: events.AttemptFinished) -> RunState:
    unit = event.unit
    found = state.unit(unit)
    if found is None or found.life == "TERMINATED":
        return state
    if event.attempt == len(found.attempts):  # it never started: see commands.FailAttempt
        task_run_id = task_runs.ids(state)(unit)
        found = _with_attempt(
            found,
            AttemptState(attempt=event.attempt, task_run_id=task_run_id, started_at=event.at),
        )
        state = task_runs.counted(state, task_run_id)
    elif unit not in state.running or found.last is None or found.last.attempt != event.attempt:
        return state
    assert found.last is not None
    ended = replace(
        found.last,
        finished_at=event.at,
        result=event.result,
        exit_value=event.exit_value,
        failure=event.failure,
        output_notebook=event.output_notebook,
        child_run_id=event.child_run_id,
    )
    found = _with_last(found, ended)
    state = moves.forget(state, unit)
    due = None
    if not state.cancel and not state.tasks[unit.task_key].stopping:
        due = _due(graph, state, unit, ended, found.retries)
    if due is not None:
        waiting = replace(found, life="WAITING_FOR_RETRY", retry_at=due)
        state = state.with_unit(unit, waiting)
        return replace(state, retries=state.retries.set(unit, due))
    state = state.with_unit(unit, found)
    if unit.iteration is None:
        return moves.end_task(
            graph, state, unit.task_key, at=event.at, result=event.result, failure=event.failure
        )
    return moves.end_iteration(
        graph, state, unit, at=event.at, result=event.result, failure=event.failure
    )


def _due(
    graph: RunGraph, state: RunState, unit: Unit, ended: AttemptState, retries: int
) -> int | None:
    """Return when to try again; None for never."""
    task = moves.definition(graph, unit)
    due = retry_at(task, ended, retries)
    if due is not None or state.trigger != "continuous" or not retries_on_failure(graph.job):
        return due
    others = (other for other in state.running if other.task_key != unit.task_key)
    first = any((found := state.unit(other)) and found.retries == 0 for other in others)
    alone = len(graph.keys) == 1
    return retry_in_continuous_run(task, ended, retries, alone=alone, others_at_first=first)


def _duration_exceeded(_: RunGraph, state: RunState, event: events.DurationExceeded) -> RunState:
    return replace(state, health=state.health.discard(event.unit))


def _with_attempt(found: Work, attempt: AttemptState) -> Work:
    """Return the task or iteration with one more attempt."""
    started_at = attempt.started_at if found.started_at is None else found.started_at
    return replace(
        found,
        attempts=(*found.attempts, attempt),
        task_run_id=attempt.task_run_id,
        started_at=started_at,
    )


def _with_last(found: Work, attempt: AttemptState) -> Work:
    """Return the task or iteration with its last attempt replaced."""
    return replace(found, attempts=(*found.attempts[:-1], attempt))


_STEPS: dict[type, Callable[[RunGraph, RunState, Any], RunState]] = {
    events.RunCreated: run_steps.on_record,
    events.RunPlanned: run_steps.on_record,
    events.RunHeldUp: run_steps.held_up,
    events.RunStarted: run_steps.started,
    events.RunRepaired: run_steps.repaired,
    events.RunFinished: run_steps.finished,
    events.CancelRequested: run_steps.cancel_requested,
    events.TaskSkipped: _skipped,
    events.ConditionEvaluated: _condition_evaluated,
    events.ForEachStarted: _for_each_started,
    events.ForEachFinished: _for_each_finished,
    events.AttemptStarted: _attempt_started,
    events.AttemptProgressed: _progressed,
    events.AttemptStopping: _stopping,
    events.TaskValueSet: _value_set,
    events.AttemptReported: _reported,
    events.AttemptFinished: _attempt_finished,
    events.DurationExceeded: _duration_exceeded,
}
