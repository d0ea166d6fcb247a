"""What differs between two runs, by their records alone: pure, and the same for every form.

A difference is a pair `before`, `after`. Durations always differ, so they are told but are no
change by themselves.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from nbkit.counted import kept_out_by
from nbkit.errors import UsageError
from nbkit.graph.kinds.condition import CONDITION
from nbkit.near import hint
from nbkit.report.view import run_view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from nbkit.report.notebook_diff import CellChange
    from nbkit.report.view import Iteration, Record, RunView, TaskView

_LEFT_OUT = "DISABLED"
"""The state of a task that a run was not to run."""
_LOOKED_BACK = 20
Change = Literal["added", "removed", "changed", "same"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A named thing that is not the same in both runs; None where a run does not have it."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class NotebookPair:
    """The output notebooks of one task or iteration in both runs; empty for none.

    Attributes:
        name: the task's key, with the input in brackets for an iteration.
        before, after: paths as on record.
        cells: what changed in them; filled in by who reads them.
    """

    name: str
    before: str
    after: str
    cells: tuple[CellChange, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskDiff:
    """One task in two runs.

    Attributes:
        change: `added` or `removed` if only one run has it; `same` if nothing worth telling did.
        facts: state, error, outcome, exit value, attempts.
        parameters, values: those that differ.
        rows: row counts of datasets.
        expectations: how expectations fared.
        durations: in milliseconds, before and after; None for not known.
        notebooks: of the task, or of its iterations.
    """

    key: str
    change: Change
    facts: tuple[Difference, ...] = ()
    parameters: tuple[Difference, ...] = ()
    values: tuple[Difference, ...] = ()
    rows: tuple[Difference, ...] = ()
    expectations: tuple[Difference, ...] = ()
    iterations: tuple[Difference, ...] = ()
    durations: tuple[int | None, int | None] = (None, None)
    notebooks: tuple[NotebookPair, ...] = ()


@dataclass(frozen=True, slots=True)
class RunDiff:
    """Two runs compared; `before` is the first one named.

    Attributes:
        left_out: keys of tasks that are not compared, for one of the runs was not to run them.
    """

    before: RunView
    after: RunView
    parameters: tuple[Difference, ...]
    tasks: tuple[TaskDiff, ...] = field(default=())
    left_out: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[TaskDiff, ...]:
        """The tasks with something to tell."""
        return tuple(task for task in self.tasks if task.change != "same")


def compare(before: Record, after: Record, only: str | None = None) -> RunDiff:
    """Compare the records of two runs; `only` this task, if one is named.

    Else what a run of some tasks was not to run is left out of it, and named.
    """
    first, second = run_view(before), run_view(after)
    old = {task["task_key"]: (task, seen) for task, seen in _tasks(before, first)}
    new = {task["task_key"]: (task, seen) for task, seen in _tasks(after, second)}
    both = list(dict.fromkeys((*new, *old)))
    left_out = _left_out(before) | _left_out(after) if only is None else frozenset()
    keys = [key for key in both if only in (None, key) and key not in left_out]
    return RunDiff(
        first,
        second,
        _differences(dict(first.parameters), dict(second.parameters)),
        tuple(_task(key, old.get(key), new.get(key)) for key in keys),
        tuple(key for key in both if key in left_out),
    )


def comparable(record: Record, earlier: Iterable[int], read: Callable[[int], Record]) -> int | None:
    """Return the run to compare a run with: the last one before it that ran what it ran.

    Args:
        record: of the run.
        earlier: the ids of runs of its job before it, the newest first.
        read: returns the record of one of these.

    Returns:
        The newest of `earlier` if none of the last ones did; None if there is none.
    """
    wanted, newest = _not_left_out(record), None
    for run_id in itertools.islice(earlier, _LOOKED_BACK):
        newest = newest or run_id
        if wanted <= _not_left_out(read(run_id)):
            return run_id
    return newest


def _left_out(record: Record) -> frozenset[str]:
    return frozenset(
        task["task_key"]
        for task in record.get("tasks") or ()
        if task["state"].get("result_state") == _LEFT_OUT
    )


def _not_left_out(record: Record) -> frozenset[str]:
    return frozenset(task["task_key"] for task in record["tasks"]) - _left_out(record)


def require_task(key: str, *records: Record) -> None:
    """See that one of the records has the task.

    Raises:
        UsageError: none has; the message names the nearest one that is there.
    """
    known = dict.fromkeys(task["task_key"] for each in records for task in each["tasks"])
    if key not in known:
        raise UsageError(f"There is no task {key!r}{hint(key, known)}.")


def _tasks(record: Record, run: RunView) -> Iterable[tuple[Record, TaskView]]:
    return zip(record.get("tasks") or (), run.tasks, strict=True)


def _task(
    key: str, before: tuple[Record, TaskView] | None, after: tuple[Record, TaskView] | None
) -> TaskDiff:
    if before is None or after is None:
        only = before or after
        assert only is not None
        change: Change = "removed" if after is None else "added"
        took = only[1].milliseconds
        return TaskDiff(key, change, durations=(took, None) if after is None else (None, took))
    (old_record, old), (new_record, new) = before, after
    found = {
        "facts": _differences(_facts(old), _facts(new)),
        "parameters": _differences(dict(old.parameters), dict(new.parameters)),
        "values": _differences(dict(old.values), dict(new.values)),
        "rows": _differences(_rows(old_record), _rows(new_record)),
        "expectations": _differences(_expectations(old_record), _expectations(new_record)),
        "iterations": _differences(_iterations(old), _iterations(new)),
    }
    return TaskDiff(
        key,
        "changed" if any(found.values()) else "same",
        durations=(old.milliseconds, new.milliseconds),
        notebooks=_notebooks(old, new),
        **found,
    )


def _facts(task: TaskView) -> dict[str, str]:
    facts = {
        "state": f"{task.look.glyph} {task.look.word}",
        "runs": task.subject if task.type != CONDITION.name else "",
        "compared": task.subject if task.type == CONDITION.name else "",
        "outcome": task.outcome,
        "error": task.trouble.error,
        "exit value": task.exit_value or "",
        "attempts": str(len(task.attempts) or ""),
    }
    return {name: text for name, text in facts.items() if text}


def _iterations(task: TaskView) -> dict[str, str]:
    return {one.input: f"{one.look.glyph} {one.look.word}" for one in task.iterations}


def _last_reports(record: Record, name: str) -> list[dict[str, Any]]:
    """Return what a task's last attempts told; of a For each task, those of its iterations."""
    units = record.get("iterations") or [record]
    attempts = (unit["attempts"][-1] for unit in units if unit.get("attempts"))
    return [told for attempt in attempts for told in attempt.get(name) or ()]


def _rows(record: Record) -> dict[str, str]:
    """Return how many rows each dataset had, as notebooks and pipelines told it."""
    looked_at = {
        told["dataset"]: f"{told['rows']:,}" for told in _last_reports(record, "expectations")
    }
    written = {
        told["id"]: f"{told['rows']:,}"
        for told in _last_reports(record, "datasets")
        if told.get("rows") is not None
    }
    return {**looked_at, **written}


def _expectations(record: Record) -> dict[str, str]:
    return {
        f"{told['dataset']}: {result['name']}": fared(result)
        for told in _last_reports(record, "expectations")
        for result in told.get("results") or ()
    }


def fared(result: Mapping[str, Any]) -> str:
    """Return how an expectation fared, in a few words."""
    mark = "✓ held" if result.get("ok") else "✗ not held"
    out = kept_out_by(str(result.get("action", "")))
    dropped = f", {result['dropped']:,} {out}" if result.get("dropped") else ""
    return (
        f"{mark}: {result.get('failed', 0):,} failed, {result.get('passed', 0):,} passed{dropped}"
    )


def _notebooks(old: TaskView, new: TaskView) -> tuple[NotebookPair, ...]:
    if not old.iterations and not new.iterations:
        pair = NotebookPair(new.key, old.notebook, new.notebook)
        return (pair,) if pair.before and pair.after else ()
    earlier: dict[str, Iteration] = {one.input: one for one in old.iterations}
    pairs = (
        NotebookPair(f"{new.key}[{one.input}]", earlier[one.input].notebook, one.notebook)
        for one in new.iterations
        if one.input in earlier
    )
    return tuple(pair for pair in pairs if pair.before and pair.after)


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Difference, ...]:
    names: Sequence[str] = list(dict.fromkeys((*before, *after)))
    pairs = (Difference(name, before.get(name), after.get(name)) for name in names)
    return tuple(pair for pair in pairs if pair.before != pair.after)
