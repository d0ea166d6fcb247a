"""One line of text per task and iteration, as the terminal shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from nbkit.counted import kept_out, rows
from nbkit.graph.kinds.for_each import FOR_EACH
from nbkit.report.state_looks import STYLES, StateLook, look
from nbkit.report.wording import clock, named, one_line
from nbkit.spark.work_now import in_words, is_something

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.errors import Failure
    from nbkit.events import Unit
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.state import AttemptState, Counts, IterationState, RunState, TaskState
    from nbkit.wire import SparkWork

_BAR = 10
_STATE = 17
"""Columns for the state and, at their right end, the elapsed time."""


def task_line(
    graph: RunGraph,
    state: RunState,
    key: str,
    now: int,
    width: int,
    *,
    work: SparkWork | None = None,
) -> Text:
    """Return a task's line: glyph, name, state, elapsed time and what there is to say."""
    task = state.tasks[key]
    return _line(key, task, _detail(graph, task, now, work), now, width)


def iteration_line(
    state: RunState, unit: Unit, now: int, width: int, *, work: SparkWork | None = None
) -> Text:
    """Return the line of one iteration of a For each task that runs."""
    found = state.unit(unit)
    name = f"[{unit.iteration}] {input_text(getattr(found, 'input', ''))}"
    return _line(name, found, _attempt_detail(found.last, work) if found else [], now, width)


def dataset_line(told: Mapping[str, Any], now: int, width: int) -> Text:
    """Return the line of a dataset that a pipeline task refreshes."""
    seen = look(told["state"])
    begun = told["started_at"]
    elapsed = clock((told["ended_at"] or now) - begun) if begun else ""
    return _columns(seen, told["id"], elapsed, [(dataset_text(told), "dim")], width)


def dataset_text(told: Mapping[str, Any]) -> str:
    """Return what there is to say about a dataset: its rows, and how it was refreshed or failed."""
    counts = []
    if told["rows"] is not None:
        counts.append(rows(told["rows"]))
    if told["dropped"]:
        beside = f"{told['id']}_quarantine"
        counts.append(kept_out(told["dropped"], told.get("quarantined"), beside))
    return ": ".join(part for part in (", ".join(counts), one_line(told["message"])) if part)


def input_text(value: object) -> str:
    """Return the input of an iteration, on one short line."""
    text = value if isinstance(value, str) else str(value)
    return one_line(text)[:60]


def error_text(failure: Failure | None, otherwise: str = "") -> str:
    """Return a failure on one line: the exception's name and its message."""
    if failure is None:
        return one_line(otherwise)
    return named(failure.error, one_line(failure.message or otherwise))


def _line(
    name: str,
    found: TaskState | IterationState | None,
    detail: list[str | tuple[str, str]],
    now: int,
    width: int,
) -> Text:
    seen = look(found.result, found.life) if found else look(None)
    elapsed = ""
    if found and found.started_at and found.attempts:
        elapsed = clock((found.finished_at or now) - found.started_at)
    return _columns(seen, name, elapsed, detail, width)


def _columns(
    seen: StateLook, name: str, elapsed: str, detail: list[str | tuple[str, str]], width: int
) -> Text:
    style = STYLES[seen.tone]
    short = name if len(name) <= width else f"{name[: width - 1]}…"
    return Text.assemble(
        (f"{seen.glyph} ", style),
        (f"{short:<{width}}  ", "" if seen.rank < _PLAIN else "dim"),
        (seen.word, style),
        f"{elapsed:>{max(_STATE - len(seen.word), len(elapsed) + 1)}}  ",
        *detail,
        no_wrap=True,
        overflow="ellipsis",
    )


_PLAIN = 8
"""The rank from which on a task is of little interest: left out, disabled."""


def _detail(
    graph: RunGraph, task: TaskState, now: int, work: SparkWork | None
) -> list[str | tuple[str, str]]:
    if task.counts is not None and task.life == "RUNNING":
        return _count_detail(task.counts, len(task.iterations))
    if task.life == "RUNNING":
        return _attempt_detail(task.last, work)
    if task.life == "WAITING_FOR_RETRY":
        error = error_text(task.last.failure if task.last else None)
        due = clock(max((task.retry_at or now) - now, 0) + 999)
        return [f"attempt {len(task.attempts) + 1} in {due}  ", (error, "red")]
    if task.life != "TERMINATED":
        return []
    if task.reason:
        return [(one_line(task.reason), "dim")]
    detail: list[str | tuple[str, str]] = []
    if task.counts is not None:
        detail.append(f"{task.counts.succeeded} of {len(task.iterations)} succeeded  ")
    if task.operands is not None:
        left, op, right = task.operands
        outcome = "" if task.outcome is None else f" → {str(task.outcome).lower()}"
        detail.append((f"{left} {op} {right}{outcome}  ", "dim"))
    if len(task.attempts) > 1 and graph.task(task.key).kind != FOR_EACH.name:
        detail.append(f"{len(task.attempts)} attempts  ")
    if task.result != "SUCCESS":
        failure = task.last.failure if task.last else None
        detail.append((error_text(failure, task.message), "red"))
    return detail


def _count_detail(counts: Counts, total: int) -> list[str | tuple[str, str]]:
    done = counts.succeeded + counts.failed
    detail: list[str | tuple[str, str]] = [*_bar(done, total), f" {done} of {total} done"]
    if counts.active:
        detail.append(f", {counts.active} active")
    if counts.failed:
        detail.append((f", {counts.failed} failed", "red"))
    return detail


def _attempt_detail(
    attempt: AttemptState | None, work: SparkWork | None
) -> list[str | tuple[str, str]]:
    if attempt is None:
        return []
    detail: list[str | tuple[str, str]] = []
    if work is not None and is_something(work):
        detail.append(f"cell {attempt.cell}/{attempt.cells}  {in_words(work)}")
    elif attempt.cells:
        detail += [*_bar(attempt.cell - 1, attempt.cells), f" cell {attempt.cell}/{attempt.cells}"]
    if attempt.attempt:
        detail.append(f"  attempt {attempt.attempt + 1}")
    if attempt.stopping:
        detail.append(("  stopping", "yellow"))
    return detail


def _bar(done: int, total: int) -> list[tuple[str, str]]:
    full = round(_BAR * max(done, 0) / total) if total else 0
    return [("━" * full, "cyan"), ("─" * (_BAR - full), "dim")]
