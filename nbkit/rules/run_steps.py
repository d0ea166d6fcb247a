"""How the state of a run changes with what happens to the run as a whole: for `apply` alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pyrsistent import pmap

from nbkit.errors import Failure
from nbkit.rules import moves
from nbkit.rules.state import Episode, TaskState
from nbkit.rules.task_runs import first_of, promised

if TYPE_CHECKING:
    from nbkit import events
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.state import RunState


def on_record(
    _: RunGraph, state: RunState, event: events.RunCreated | events.RunPlanned
) -> RunState:
    """Let the run and its task runs be known before it begins."""
    if state.started or state.finished:
        return state
    state = _known(state, event)
    state = replace(state, trigger=event.trigger, creator=event.creator, pages=event.pages)
    return promised(state, event.run_id, event.task_runs)


def held_up(_: RunGraph, state: RunState, event: events.RunHeldUp) -> RunState:
    """Let the run wait for its turn."""
    if state.started or state.finished:
        return state
    since = event.at if state.queued_at is None else state.queued_at
    return replace(_known(state, event), queued_at=since, message=event.message)


def _known(
    state: RunState,
    event: events.RunCreated | events.RunPlanned | events.RunHeldUp | events.RunStarted,
) -> RunState:
    """Return the state with what the run is called."""
    return replace(state, run_id=event.run_id, job_id=event.job_id, run_name=event.run_name)


def started(graph: RunGraph, state: RunState, event: events.RunStarted) -> RunState:
    """Begin the run: tasks that were not selected are over at once."""
    if state.started or state.finished:
        return state
    first = first_of(event.run_id)
    state = promised(state, event.run_id, event.task_runs)
    only = None if event.only is None else frozenset(event.only)
    left_out = {
        key: replace(
            state.tasks[key],
            life="TERMINATED",
            result="DISABLED",
            code="DISABLED",
            message="It was not selected for this run.",
            reason="It was not selected for this run.",
            finished_at=event.at,
        )
        for key in graph.keys
        if only is not None and key not in only
    }
    state = replace(
        _known(state, event),
        message="",
        trigger=event.trigger,
        parameters=event.parameters,
        overrides=event.overrides,
        skip_unsupported=event.skip_unsupported,
        task_parameters=event.task_parameters,
        secrets=event.secrets,
        trigger_info=event.trigger_info,
        only=only,
        parallel=event.parallel,
        tasks=state.tasks.update(left_out),
        started_at=event.at,
        next_task_run_id=max(state.next_task_run_id, first),
        episodes=(
            Episode(type="ORIGINAL", id=event.run_id, started_at=event.at, first_task_run_id=first),
        ),
    )
    state = moves.begin(graph, state, [key for key in graph.keys if key not in left_out])
    return moves.watch_health(state, None, graph.job.health, event.at)


def repaired(graph: RunGraph, state: RunState, event: events.RunRepaired) -> RunState:
    """Take the run up again: the tasks to rerun start afresh, with their attempts on record."""
    if not state.started:
        return state
    rerun = [key for key in graph.keys if key in set(event.rerun)]
    tasks = {key: state.tasks.get(key) or TaskState(key=key) for key in graph.keys}
    for key in rerun:
        tasks[key] = TaskState(
            key=key,
            attempts=tasks[key].attempts,
            earlier=len(tasks[key].attempts),
            task_run_id=tasks[key].task_run_id,
            iterations=tasks[key].iterations,
            rerun_iterations=event.iterations.get(key),
        )
    changed = (
        name for name, value in event.parameters.items() if value != state.parameters.get(name)
    )
    episode = Episode(
        type="REPAIR",
        id=event.repair_id,
        started_at=event.at,
        first_task_run_id=state.next_task_run_id,
        kept=frozenset(tasks[key].promised for key in rerun if key not in event.task_runs),
    )
    state = replace(
        state,
        parameters=event.parameters,
        secrets=event.secrets,
        overrides=tuple(dict.fromkeys((*state.overrides, *changed))),
        parallel=event.parallel,
        only=None if state.only is None else state.only | set(rerun),
        tasks=pmap(tasks),
        episodes=(*state.episodes, episode),
        cancel=None,
        finished_at=None,
        result=None,
        code="",
        message="",
    )
    state = promised(state, state.run_id, event.task_runs)
    state = moves.begin(graph, state, rerun)
    return moves.watch_health(state, None, graph.job.health, event.at)


def finished(_: RunGraph, state: RunState, event: events.RunFinished) -> RunState:
    """Close the run."""
    if state.finished:
        return state
    if not state.started:
        return _never_started(state, event)
    ended = replace(
        state.episodes[-1],
        finished_at=event.at,
        result=event.result,
        code=event.code,
        message=event.message,
    )
    return replace(
        state,
        tasks=state.tasks.update(_left_undone(state)) if state.unfinished else state.tasks,
        finished_at=event.at,
        result=event.result,
        code=event.code,
        message=event.message,
        episodes=(*state.episodes[:-1], ended),
    )


def _left_undone(state: RunState) -> dict[str, TaskState]:
    """Return the tasks that never got their turn, as the run lost its process; each says so."""
    why = "The run ended before this task started."
    return {
        key: replace(task, message=why, reason=why)
        for key, task in state.tasks.items()
        if task.life != "TERMINATED"
    }


def _never_started(state: RunState, event: events.RunFinished) -> RunState:
    """Close a run that was planned or waited for its turn, or could not wait."""
    if not state.run_id:  # neither was recorded
        return state
    began = event.at if state.queued_at is None else state.queued_at
    tasks = {
        key: replace(
            task,
            life="TERMINATED",
            result=event.result,
            code=event.code,
            message=event.message,
            reason=event.message,
            finished_at=event.at,
        )
        for key, task in state.tasks.items()
    }
    episode = Episode(
        type="ORIGINAL",
        id=state.run_id,
        started_at=began,
        first_task_run_id=first_of(state.run_id),
        finished_at=event.at,
        result=event.result,
        code=event.code,
        message=event.message,
    )
    return replace(
        state,
        tasks=pmap(tasks),
        unfinished=0,
        episodes=(episode,),
        finished_at=event.at,
        result=event.result,
        code=event.code,
        message=event.message,
    )


def cancel_requested(graph: RunGraph, state: RunState, event: events.CancelRequested) -> RunState:
    """Let the run end early: what waits is over, what runs is for `decide` to stop."""
    if not state.started or state.finished or state.cancel:
        return state
    state = replace(state, cancel=event.by)
    return moves.drop_waiting(graph, state, event.at, _why_canceled(state))


def _why_canceled(state: RunState) -> Failure:
    if state.cancel == "timeout":
        return Failure(cause="run_timeout", message="The run ran out of time.")
    return Failure(cause="canceled", message="The run was cancelled.")
