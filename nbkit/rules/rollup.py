"""The result of a run from the results of its tasks: its leaves decide.

A leaf here is a task that was not disabled and that no such task hangs on; so a run with
`--only`, or with its last task disabled, is judged by the last tasks that counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nbkit.rules.termination import code_of

if TYPE_CHECKING:
    from nbkit.events import ResultState
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.state import RunState, TaskState

_GOOD: frozenset[ResultState | None] = frozenset({"SUCCESS", "EXCLUDED", "DISABLED"})
_CANCELED: frozenset[ResultState | None] = frozenset({"CANCELED", "UPSTREAM_CANCELED"})


class RunResult(NamedTuple):
    """How a run ends: its result, the termination code and a message for a person."""

    result: ResultState
    code: str
    message: str = ""


def rollup(graph: RunGraph, state: RunState) -> RunResult:
    """Return the result of a run whose tasks are all over."""
    if state.cancel == "timeout":
        limit = graph.job.timeout_seconds
        return RunResult("TIMEDOUT", code_of("TIMEDOUT"), f"The run took more than {limit} s.")
    if state.cancel:
        return RunResult("CANCELED", code_of("CANCELED"), "The run was cancelled.")
    bad = [state.tasks[key] for key in graph.keys if state.tasks[key].result not in _GOOD]
    if not bad:
        return RunResult("SUCCESS", "SUCCESS")
    leaves = [task for task in bad if _is_leaf(graph, state, task.key)]
    if not leaves:
        return RunResult("SUCCESS_WITH_FAILURES", "SUCCESS_WITH_FAILURES", _blame(bad))
    if all(task.result in _CANCELED for task in leaves):
        return RunResult("CANCELED", code_of("CANCELED"), _blame(bad))
    return RunResult("FAILED", code_of("FAILED"), _blame(bad))


def _is_leaf(graph: RunGraph, state: RunState, key: str) -> bool:
    return all(state.tasks[child].result == "DISABLED" for child in graph.children(key))


def _blame(bad: list[TaskState], most: int = 3) -> str:
    """Name the tasks that failed by themselves; the others only follow from them."""
    culprits = [task for task in bad if task.result not in {"UPSTREAM_FAILED", "UPSTREAM_CANCELED"}]
    told = [
        f"Task {task.key} {_VERBS.get(task.result, 'failed')} with message: {task.message}"
        for task in culprits[:most]
    ]
    if len(culprits) > most:
        told.append(f"{len(culprits) - most} more tasks failed.")
    return "\n".join(told)


_VERBS: dict[ResultState | None, str] = {"TIMEDOUT": "timed out", "CANCELED": "was cancelled"}
