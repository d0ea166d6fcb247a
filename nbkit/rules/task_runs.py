"""Ids of task runs, promised before anything runs: a client reads an id once and asks by it.

An id is `run_id * TASK_RUNS_PER_RUN + n`, n from 1. The first attempt of a task has the number
that its run was put on record with, a retry the next free one, and so has an iteration of a
For each, as it comes. Events carry the numbers, so that an edit of the job moves none of them.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nbkit.events import Unit
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.state import RunState

TASK_RUNS_PER_RUN = 1_000_000


def run_of(task_run_id: int) -> int:
    """Return the id of the run that a task run belongs to."""
    return task_run_id // TASK_RUNS_PER_RUN


def first_of(run_id: int) -> int:
    """Return the first id of a task run of a run."""
    return run_id * TASK_RUNS_PER_RUN + 1


def numbered(keys: Iterable[str], first: int = 1) -> dict[str, int]:
    """Return numbers for the task runs of tasks, in their order."""
    return dict(zip(keys, count(first)))


def not_numbered(graph: RunGraph, state: RunState) -> dict[str, int]:
    """Return numbers for the tasks that have none yet: all, or those that are new in the job."""
    return _next(state, (key for key in graph.keys if not _promised(state, key)))


def numbered_again(state: RunState, rerun: Iterable[str]) -> dict[str, int]:
    """Return numbers for the tasks that a repair runs again.

    What never had its turn, as the run lost its process, keeps the id that clients know.
    """
    return _next(state, (key for key in rerun if not _waits(state, key)))


def promised(state: RunState, run_id: int, task_runs: Mapping[str, int]) -> RunState:
    """Return the state with the ids that tasks were promised.

    Args:
        state: of the run.
        run_id: its id.
        task_runs: by task key, the number of its next task run.
    """
    base = run_id * TASK_RUNS_PER_RUN
    tasks = {
        key: replace(state.tasks[key], task_run_id=base + number)
        for key, number in task_runs.items()
        if key in state.tasks
    }
    free = base + max(task_runs.values(), default=0) + 1
    return replace(
        state,
        tasks=state.tasks.update(tasks),
        next_task_run_id=max(state.next_task_run_id, free),
    )


def counted(state: RunState, task_run_id: int) -> RunState:
    """Return the state in which nobody else gets this id."""
    return replace(state, next_task_run_id=max(state.next_task_run_id, task_run_id + 1))


def ids(state: RunState) -> Callable[[Unit], int]:
    """Return what tells the id of the next attempt of each unit: the promised one, or a new one."""
    free = count(state.next_task_run_id)

    def id_of(unit: Unit) -> int:
        found = state.unit(unit)
        return (found.promised if found else 0) or next(free)

    return id_of


def _next(state: RunState, keys: Iterable[str]) -> dict[str, int]:
    free = max(state.next_task_run_id, first_of(state.run_id))
    return numbered(keys, free - state.run_id * TASK_RUNS_PER_RUN)


def _promised(state: RunState, key: str) -> int:
    found = state.tasks.get(key)
    return found.promised if found else 0


def _waits(state: RunState, key: str) -> bool:
    """Tell whether a task was promised an id, and nothing became of it yet."""
    return bool(_promised(state, key)) and state.tasks[key].life != "TERMINATED"
