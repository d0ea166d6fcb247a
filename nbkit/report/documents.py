"""A run as the front end takes it: one JSON object for the run and one for each task."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from nbkit.report.critical import critical_path, ready_times
from nbkit.report.drawing import line_of
from nbkit.report.timeline import episodes
from nbkit.spark.work_now import in_words, share

if TYPE_CHECKING:
    from nbkit.report.state_looks import StateLook
    from nbkit.report.view import AttemptView, Iteration, RunView, Span, TaskView

_ITERATIONS = 200
_LONGEST_TRACE = 6000
_LONGEST_VALUE = 500

Document = dict[str, Any]


def run_document(run: RunView) -> Document:
    """Return what is to be known of the run as a whole."""
    return {
        **_span(run),
        "id": run.run_id,
        "name": run.name,
        "message": run.message,
        "worked": run.worked,
        "parameters": _pairs(run.parameters),
        "counts": [[_look(look), amount] for look, amount in run.counts],
        "spans": episodes(run),
        "failed": [task.key for task in run.failed],
    }


def task_documents(run: RunView) -> dict[str, Document]:
    """Return each task by its key."""
    ready, critical = ready_times(run), set(critical_path(run) if run.ended else ())
    spans = episodes(run)
    return {
        task.key: {
            **_task(task, spans),
            "ready": ready.get(task.key, 0),
            "critical": task.key in critical,
        }
        for task in run.tasks
    }


def _task(task: TaskView, spans: list[tuple[int, int]]) -> Document:
    listed = sorted(task.iterations, key=lambda one: one.look.rank)[:_ITERATIONS]
    return {
        **_span(task),
        "key": task.key,
        "type": task.type,
        "kind": task.kind,
        "line": line_of(task),
        "subject": task.subject,
        "spark": _spark(task),
        "description": task.description,
        "run_if": task.run_if,
        "depends_on": [list(parent) for parent in task.depends_on],
        "outcome": task.outcome,
        "reason": task.reason,
        "error": task.trouble.error,
        "trace": task.trouble.trace[-_LONGEST_TRACE:],
        "cell": task.trouble.cell,
        "source_cell": task.trouble.source_cell,
        "source_line": task.trouble.line,
        "exit": None if task.exit_value is None else task.exit_value[:_LONGEST_VALUE],
        "resolved": task.resolved,
        "parameters": _pairs(task.parameters),
        "values": _pairs(task.values),
        "notebook": task.notebook,
        "attempts": _attempts(task, spans),
        "counts": [[_look(look), amount] for look, amount in task.counts],
        "iterations": [_iteration(one) for one in listed],
        "iterations_in_all": len(task.iterations),
        "told": task.told,
    }


def _spark(task: TaskView) -> list[Any] | None:
    """Return what Spark does for the task, in words, and how much of it is done."""
    if task.spark is None:
        return None
    cell, cells = task.progress
    where = f" (cell {cell} of {cells})" if cells else ""
    return [f"{in_words(task.spark)}{where}", share(task.spark)]


def _attempts(task: TaskView, spans: list[tuple[int, int]]) -> list[Document]:
    """Return the attempts; `retry` says that one followed the one before without a repair."""
    found = []
    for at, attempt in enumerate(task.attempts):
        before = task.attempts[at - 1].ended if at else 0
        retry = any(start <= before and attempt.started <= end for start, end in spans)
        found.append({**_attempt(attempt), "retry": bool(before) and retry})
    return found


def _attempt(attempt: AttemptView) -> Document:
    return {
        **_span(attempt),
        "number": attempt.number,
        "error": attempt.trouble.error,
        "notebook": attempt.notebook,
    }


def _iteration(one: Iteration) -> Document:
    return {
        **_span(one),
        "index": one.index,
        "input": one.input[:_LONGEST_VALUE],
        "error": one.trouble.error,
        "notebook": one.notebook,
        "attempts": len(one.attempts),
    }


def _span(span: Span) -> Document:
    return {"look": _look(span.look), "started": span.started, "ended": span.ended}


@cache
def _look(look: StateLook) -> Document:
    return asdict(look)


def _pairs(pairs: tuple[tuple[str, str], ...]) -> list[list[str]]:
    return [[name, value[:_LONGEST_VALUE]] for name, value in pairs]
