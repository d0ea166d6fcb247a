"""The steps that `apply` is made of: what follows when a task or an iteration moves on.

Nothing here looks at all tasks, except `begin`: what a task's end sets free is found through
its children, each with a count of the parents it still waits for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from pyrsistent import pmap, pvector

from nbkit.events import Unit
from nbkit.graph.kinds import KINDS
from nbkit.graph.kinds.for_each import FOR_EACH
from nbkit.rules.run_if import verdict
from nbkit.rules.state import Counts, IterationState, TaskState
from nbkit.rules.termination import code_of, message_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbkit.errors import Failure
    from nbkit.events import ResultState
    from nbkit.graph.alerts import HealthRules
    from nbkit.graph.model import Task
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.state import RunState

Item = TypeVar("Item")

_DURATION = "RUN_DURATION_SECONDS"


def definition(graph: RunGraph, unit: Unit) -> Task:
    """Return the task that says how `unit` runs: for an iteration, the one in the For each."""
    task = graph.task(unit.task_key)
    return task if unit.iteration is None else task.inner


def begin(graph: RunGraph, state: RunState, keys: Iterable[str]) -> RunState:
    """Make the tasks `keys` the ones to do; all others are over."""
    todo = set(keys)
    left = {key: len({parent.task_key for parent in graph.parents(key)} & todo) for key in todo}
    state = replace(
        state,
        unfinished=len(todo),
        parents_left=pmap(left),
        at_once=(),
        queue=(),
        running=pmap(),
        retries=pmap(),
        for_each=pmap(),
        health=pmap(),
    )
    for key in graph.keys:
        if left.get(key) == 0:
            state = _unblock(graph, state, key)
    return state


def _unblock(graph: RunGraph, state: RunState, key: str) -> RunState:
    """Put a task whose parents are over where `decide` looks for it."""
    runs = verdict(graph, state, key).runs
    state = replace(
        state.with_task(replace(state.tasks[key], life="PENDING")),
        parents_left=state.parents_left.discard(key),
    )
    if runs and KINDS[graph.task(key).kind].runs != "rules":
        return replace(state, queue=(*state.queue, Unit(key)))
    return replace(state, at_once=(*state.at_once, key))


def end_task(
    graph: RunGraph,
    state: RunState,
    key: str,
    *,
    at: int,
    result: ResultState,
    message: str = "",
    failure: Failure | None = None,
) -> RunState:
    """Close a task and set free the children that waited for it alone."""
    task = state.tasks[key]
    if task.life == "TERMINATED":
        return state
    ended = replace(
        task,
        life="TERMINATED",
        result=result,
        code=code_of(result, failure),
        message=message or message_of(result, failure),
        retry_at=None,
        finished_at=at,
    )
    state = replace(state.with_task(ended), unfinished=state.unfinished - 1)
    state = forget(state, Unit(key))
    for child in graph.children(key):
        left = state.parents_left.get(child)
        if left is None:
            continue
        if left > 1:
            state = replace(state, parents_left=state.parents_left.set(child, left - 1))
        else:
            state = _unblock(graph, state, child)
    return state


def end_iteration(
    graph: RunGraph,
    state: RunState,
    unit: Unit,
    *,
    at: int,
    result: ResultState,
    failure: Failure | None = None,
) -> RunState:
    """Close an iteration and give out the next one, unless the task is to end."""
    assert unit.iteration is not None
    task = state.tasks[unit.task_key]
    iteration = task.iterations[unit.iteration]
    if iteration.life == "TERMINATED" or task.counts is None:
        return state
    ended = replace(
        iteration,
        life="TERMINATED",
        result=result,
        code=code_of(result, failure),
        message=message_of(result, failure),
        retry_at=None,
        finished_at=at,
    )
    good = result in {"SUCCESS", "EXCLUDED"}
    counts = replace(
        task.counts,
        active=task.counts.active - 1,
        succeeded=task.counts.succeeded + good,
        failed=task.counts.failed + (not good),
    )
    iterations = task.iterations.set(unit.iteration, ended)
    state = forget(state.with_task(replace(task, iterations=iterations, counts=counts)), unit)
    return give_out(graph, state, unit.task_key)


def give_out(graph: RunGraph, state: RunState, key: str) -> RunState:
    """Queue iterations of a For each task, as many as its concurrency leaves room for."""
    task = state.tasks[key]
    block = FOR_EACH.of(graph.task(key))
    if task.counts is None or task.stopping or state.cancel or block is None:
        return state
    counts = task.counts
    room = block.concurrency - counts.active
    chosen = counts.todo[counts.given : counts.given + max(0, room)]
    if not chosen:
        return state
    iterations = task.iterations
    for index in chosen:
        iterations = iterations.set(index, replace(iterations[index], life="PENDING"))
    counts = replace(counts, given=counts.given + len(chosen), active=counts.active + len(chosen))
    state = state.with_task(replace(task, iterations=iterations, counts=counts))
    return replace(state, queue=(*state.queue, *(Unit(key, index) for index in chosen)))


def start_iterations(task: TaskState, inputs: tuple[object, ...]) -> TaskState:
    """Lay out the iterations of a For each task.

    In a repair, an iteration that is not to run again keeps its success if its input is still
    the same; the others keep only the memory of their attempts.
    """
    rerun = task.rerun_iterations
    laid: list[IterationState] = []
    todo: list[int] = []
    for index, value in enumerate(inputs):
        old = task.iterations[index] if index < len(task.iterations) else None
        if old is not None and rerun is not None and _stands(old, value) and index not in rerun:
            laid.append(old)
            continue
        attempts = old.attempts if old is not None else ()
        todo.append(index)
        laid.append(
            IterationState(index=index, input=value, attempts=attempts, earlier=len(attempts))
        )
    counts = Counts(todo=tuple(todo), succeeded=len(laid) - len(todo))
    return replace(task, iterations=pvector(laid), counts=counts)


def _stands(old: IterationState, value: object) -> bool:
    return old.result == "SUCCESS" and old.input == value


def drop_waiting(
    graph: RunGraph, state: RunState, at: int, why: Failure, key: str | None = None
) -> RunState:
    """End what waits for a slot or a retry, as the run, or the For each task `key`, is to end.

    Tasks in the queue never ran; they go where `decide` skips them, with a reason.
    """
    for unit in (*state.queue, *state.retries):
        if key is not None and unit.task_key != key:
            continue
        if unit.iteration is not None:
            state = end_iteration(graph, state, unit, at=at, result="CANCELED", failure=why)
        elif unit in state.retries:
            state = end_task(graph, state, unit.task_key, at=at, result="CANCELED", failure=why)
        else:
            state = replace(forget(state, unit), at_once=(*state.at_once, unit.task_key))
    return state


def forget(state: RunState, unit: Unit) -> RunState:
    """Take a unit out of all bookkeeping of what waits and what runs."""
    key = unit.task_key if unit.iteration is None else None
    return replace(
        state,
        at_once=without(state.at_once, key),
        queue=without(state.queue, unit),
        running=state.running.discard(unit),
        retries=state.retries.discard(unit),
        for_each=state.for_each if key is None else state.for_each.discard(key),
        health=state.health.discard(unit),
    )


def watch_health(
    state: RunState, unit: Unit | None, health: HealthRules | None, at: int
) -> RunState:
    """Note when what started at `at` lasts longer than its health rule calls healthy.

    Args:
        state: the run.
        unit: what started; None for the run as a whole.
        health: its rules; those about streams mean nothing here.
        at: when it started.
    """
    limit = duration_limit(health)
    return (
        state if limit is None else replace(state, health=state.health.set(unit, at + limit * 1000))
    )


def duration_limit(health: HealthRules | None) -> int | None:
    """Return after how many seconds a run or task is worth a warning; None for never."""
    rules = (health.rules if health else None) or ()
    return min((rule.value for rule in rules if rule.metric == _DURATION), default=None)


def without(items: tuple[Item, ...], gone: object) -> tuple[Item, ...]:
    """Return the items but for `gone`, which is most often the first or not there."""
    if not items or gone not in items:
        return items
    place = items.index(gone)
    return items[:place] + items[place + 1 :]
