"""Whether a task runs, once all its parents are over: `run_if`, outcomes, disabled, cancelled.

Where the Jobs documentation leaves a case open, this is how it is read here:

- A parent that did not run because of a failure further up counts as failed, and a cancelled
  one as failed for the rules that handle failures.
- A parent whose If/else outcome does not match counts as excluded, with two differences: under
  ALL_SUCCESS it excludes the task, and it is never the one success that a rule asks for.
- NONE_FAILED asks for one parent that was not disabled, be it a skipped one.
- A disabled parent beside a failed one disables the task under ALL_SUCCESS, as disabling is
  known before anything runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nbkit.graph.run_if_rules import RUN_IF_RULES, Standing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbkit.events import ResultState
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.state import RunState, TaskState

_STANDINGS: dict[ResultState, Standing] = {
    "SUCCESS": "succeeded",
    "SUCCESS_WITH_FAILURES": "succeeded",
    "EXCLUDED": "excluded",
    "DISABLED": "disabled",
    "CANCELED": "canceled",
    "UPSTREAM_CANCELED": "canceled",
    "FAILED": "failed",
    "TIMEDOUT": "failed",
    "UPSTREAM_FAILED": "failed",
    "MAXIMUM_CONCURRENT_RUNS_REACHED": "failed",
}
_WORDS: dict[ResultState, str] = {
    "SUCCESS": "succeeded",
    "SUCCESS_WITH_FAILURES": "succeeded",
    "EXCLUDED": "was excluded",
    "DISABLED": "is disabled",
    "CANCELED": "was cancelled",
    "UPSTREAM_CANCELED": "did not run because a task before it was cancelled",
    "FAILED": "failed",
    "TIMEDOUT": "timed out",
    "UPSTREAM_FAILED": "did not run because a task before it failed",
    "MAXIMUM_CONCURRENT_RUNS_REACHED": "did not run",
}


class Parent(NamedTuple):
    """A parent that is over, as one dependency sees it.

    Attributes:
        key: its task key.
        standing: what it counts as.
        words: what it did, as in "`clean` failed".
    """

    key: str
    standing: Standing
    words: str


class RunIfVerdict(NamedTuple):
    """Whether a task runs; if not, its result and the reason for a person."""

    runs: bool
    result: ResultState | None = None
    reason: str = ""


RUNS = RunIfVerdict(runs=True)


def verdict(graph: RunGraph, state: RunState, key: str) -> RunIfVerdict:
    """Return whether the task `key` runs, all its parents being over."""
    task = graph.task(key)
    if task.disabled:
        return RunIfVerdict(runs=False, result="DISABLED", reason="The job definition disables it.")
    parents = [
        _parent(state.tasks[dependency.task_key], dependency.outcome)
        for dependency in graph.parents(key)
        if state.selected(dependency.task_key)
    ]
    found = judge(task.run_if, parents)
    if not (state.cancel and found.runs):
        return found
    why = "was cancelled" if state.cancel == "user" else "ran out of time"
    stopped = any(parent.standing == "canceled" for parent in parents)
    return RunIfVerdict(
        runs=False,
        result="UPSTREAM_CANCELED" if stopped else "CANCELED",
        reason=f"The run {why} before this task started.",
    )


def judge(run_if: str, parents: list[Parent]) -> RunIfVerdict:
    """Return what the rule `run_if` says about these parents; without parents a task runs."""
    standings = {parent.standing for parent in parents}
    rule = RUN_IF_RULES[run_if]
    if standings and standings <= {"excluded", "unmatched"}:
        return _skip("EXCLUDED", parents, run_if, "excluded", "unmatched")
    if not standings or rule.met(standings):
        return RUNS
    if rule.handles:
        others: tuple[Standing, ...] = ("succeeded", "excluded", "unmatched", "disabled")
        return _skip("EXCLUDED", parents, run_if, *others)
    if rule.all_good and "disabled" in standings:
        return _skip("DISABLED", parents, run_if, "disabled")
    for standing, result in _GRAVEST_FIRST.items():
        if standing in standings:
            return _skip(result, parents, run_if, standing)
    return _skip("DISABLED", parents, run_if, "disabled")


_GRAVEST_FIRST: dict[Standing, ResultState] = {
    "failed": "UPSTREAM_FAILED",
    "canceled": "UPSTREAM_CANCELED",
    "unmatched": "EXCLUDED",
}


def _skip(
    result: ResultState, parents: list[Parent], run_if: str, *blamed: Standing
) -> RunIfVerdict:
    culprits = [parent for parent in parents if parent.standing in blamed]
    reason = _sentence(culprits)
    if any(parent.standing != "unmatched" for parent in culprits):
        reason += f"; run_if {run_if} asks for {RUN_IF_RULES[run_if].asks}"
    return RunIfVerdict(runs=False, result=result, reason=f"{reason}.")


def _sentence(parents: Iterable[Parent], most: int = 3) -> str:
    told = [f"{parent.key!r} {parent.words}" for parent in parents]
    more = f" and {len(told) - most} more" if len(told) > most else ""
    return ", ".join(told[:most]) + more


def _parent(task: TaskState, wanted: str | None) -> Parent:
    assert task.result is not None, "asked about a task before its parents are over"
    if wanted is not None and task.outcome is not None:
        outcome = "true" if task.outcome else "false"
        if outcome != wanted.lower():
            return Parent(task.key, "unmatched", f"was {outcome}, and this task needs {wanted}")
    return Parent(task.key, _STANDINGS[task.result], _WORDS[task.result])
