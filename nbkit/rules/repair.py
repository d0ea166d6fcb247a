"""Taking up a finished or lost run again: which tasks start afresh, and which stay.

Without `dependents`, a task that succeeded is never run again unless it is named. What hangs on
a task that runs again, and has not succeeded, runs again too: it can only gain from it. A For
each runs only its failed iterations again, unless something before it runs again as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.errors import DefinitionError, Failure, Problem, UsageError
from nbkit.events import (
    AttemptFinished,
    AttemptStopping,
    ForEachFinished,
    RunRepaired,
    Unit,
)
from nbkit.near import hint
from nbkit.rules.parameters import job_parameters
from nbkit.rules.task_runs import numbered_again

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from nbkit.events import Event, ResultState
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.state import RunState

_FAILED: frozenset[ResultState | None] = frozenset(
    {"FAILED", "TIMEDOUT", "CANCELED", "UPSTREAM_FAILED", "UPSTREAM_CANCELED", None}
)
_REPAIRS_PER_RUN = 1000


def lost_attempts(state: RunState, at: int) -> tuple[Event, ...]:
    """Return the ends of what was in progress when the orchestrator went: nobody else will.

    Tasks that never got their turn stay without a result; a repair runs them.
    """
    if state.finished:
        return ()
    failure = Failure(
        cause="orchestrator_lost",
        message="nbkit itself ended while this was running; repair the run to take it up.",
    )
    stops = [
        AttemptStopping(at, Unit(key), last.attempt, failure.cause)
        for key in state.for_each
        if (last := state.tasks[key].last) is not None
    ]
    ends = [
        AttemptFinished(at, unit, found.last.attempt, "FAILED", failure=failure)
        for unit in state.running
        if (found := state.unit(unit)) is not None and found.last is not None
    ]
    loops = [ForEachFinished(at, key, "FAILED", failure.message) for key in state.for_each]
    return (*stops, *ends, *loops)


def plan_repair(
    graph: RunGraph,
    state: RunState,
    at: int,
    *,
    tasks: Iterable[str] = (),
    all_failed: bool = False,
    dependents: bool = False,
    parameters: Mapping[str, str] | None = None,
    parallel: int | None = None,
) -> RunRepaired:
    """Return the event that takes a run up again.

    Args:
        graph: the job as it is now, which may differ from the one that ran.
        state: of a run that is finished, or lost with `lost_attempts` applied.
        at: the time.
        tasks: keys to run again; with none, all that failed.
        all_failed: run all that failed, besides `tasks`.
        dependents: run what hangs on those again even if it succeeded.
        parameters: job parameters to change.
        parallel: attempts at once; as before if not given.

    Raises:
        UsageError: the run is still going, never started, or nothing in it needs a repair.
        DefinitionError: a task key is wrong.
    """
    if not state.started:
        raise UsageError(f"Run {state.run_id} never started: run the job again instead.")
    if state.running or state.for_each:
        raise UsageError(f"Run {state.run_id} is still going; cancel it or wait for its end.")
    named = tuple(dict.fromkeys(tasks))
    _refuse_unknown(graph, named)
    chosen = set(named)
    if all_failed or not named:
        chosen |= {key for key in graph.keys if _failed(state, key)}
    rerun = _spread(graph, state, chosen, dependents=dependents)
    if not rerun and state.finished:  # else only its end is missing
        raise UsageError(f"Nothing in run {state.run_id} failed: there is nothing to repair.")
    kept = {name: state.parameters[name] for name in state.overrides}
    given = kept | dict(parameters or {})
    of_kept = {name: state.secrets[name] for name in kept if name in state.secrets}
    for name in parameters or {}:
        of_kept.pop(name, None)
    found, secrets = job_parameters(graph, state, given, of_kept)
    return RunRepaired(
        at=at,
        repair_id=state.run_id * _REPAIRS_PER_RUN + len(state.repairs) + 1,
        rerun=rerun,
        parameters=found,
        secrets=secrets,
        iterations={
            key: bad
            for key in rerun
            if not _follows(graph, key, rerun) and (bad := _failed_iterations(state, key))
        },
        parallel=parallel or state.parallel,
        task_runs=numbered_again(state, rerun),
    )


def _refuse_unknown(graph: RunGraph, keys: tuple[str, ...]) -> None:
    problems = tuple(
        Problem("", f"the job has no task {key!r}{hint(key, graph.keys)}")
        for key in keys
        if key not in graph
    )
    if problems:
        raise DefinitionError(problems)


def _failed(state: RunState, key: str) -> bool:
    """Return whether a task has no good end, or, being new in the job, none at all."""
    found = state.tasks.get(key)
    return found is None or found.result in _FAILED


def _spread(
    graph: RunGraph, state: RunState, chosen: set[str], *, dependents: bool
) -> tuple[str, ...]:
    """Return the chosen tasks and what runs again because of them, parents first.

    Tasks that are not over, as the run was lost, are always among them: it could not end.
    """
    rerun: dict[str, None] = {}
    for key in graph.keys:
        found = state.tasks.get(key)
        unfinished = found is None or found.result is None
        due = dependents or found is None or found.result != "SUCCESS"
        if key in chosen or (
            state.selected(key) and (unfinished or (due and _follows(graph, key, rerun)))
        ):
            rerun[key] = None
    return tuple(rerun)


def _follows(graph: RunGraph, key: str, rerun: Collection[str]) -> bool:
    return any(parent.task_key in rerun for parent in graph.parents(key))


def _failed_iterations(state: RunState, key: str) -> tuple[int, ...]:
    """Return the iterations to run again when others may stay; none when all are to run."""
    found = state.tasks.get(key)
    if found is None or found.result == "SUCCESS":
        return ()
    bad = tuple(each.index for each in found.iterations if each.result != "SUCCESS")
    return bad if len(bad) < len(found.iterations) else ()
