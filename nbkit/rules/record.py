"""A run as the Jobs API 2.2 answers `runs/get`, with what nbkit adds to it.

Additions: `output_notebook`, `attempts`, `task_values`, `iterations`, `failure`, what notebooks
told of themselves (`nbkit.wire.REPORTS`) and, while it runs, `progress`. As in the API, times are
epoch milliseconds with 0 for not yet, and a run with a failed task has the deprecated
`life_cycle_state` INTERNAL_ERROR while its `status` is TERMINATED.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from nbkit.graph.kinds import KINDS
from nbkit.graph.kinds.condition import CONDITION
from nbkit.graph.kinds.for_each import FOR_EACH
from nbkit.graph.kinds.kind import Returned
from nbkit.rules.references import sql_rows
from nbkit.rules.termination import code_of, message_of, type_of
from nbkit.wire import REPORTS

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from nbkit.events import ResultState
    from nbkit.graph.model import Task
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.state import (
        AttemptState,
        Counts,
        IterationState,
        RunState,
        TaskState,
        UnitState,
    )

    Kept = MutableMapping[str, tuple[Task, TaskState, dict[str, Any]]]

_STATUS = {"WAITING_FOR_RETRY": "WAITING"}


def record(
    graph: RunGraph, state: RunState, page: str = "", kept: Kept | None = None
) -> dict[str, Any]:
    """Return the run as one JSON document.

    Args:
        graph: its job.
        state: as it stands.
        page: address of the page that shows it, if whoever started it has none.
        kept: what an earlier call made of the run's tasks; those that are as they were are taken
            from there, and the others put in.
    """
    page = page_of(state.pages, state.run_id) or page
    kept = {} if kept is None else kept
    queued = 0 if state.queued_at is None else (state.started_at or state.queued_at)
    return {
        "job_id": state.job_id,
        "run_id": state.run_id,
        "run_name": state.run_name,
        "run_page_url": page,
        "creator_user_name": state.creator,
        "original_attempt_run_id": state.run_id,
        "run_type": "WORKFLOW_RUN" if state.trigger == "workflow_run" else "JOB_RUN",
        "format": "MULTI_TASK",
        "trigger": "ONE_TIME" if state.trigger == "workflow_run" else state.trigger.upper(),
        **_standing(_life(state), state.result, state.code, state.message, run=True),
        **_times(state.started_at or state.queued_at, state.finished_at),
        "queue_duration": queued - (state.queued_at or 0),
        "run_duration": _run_duration(state),
        "job_parameters": _job_parameters(graph, state),
        **({"overriding_parameters": state.task_parameters} if state.task_parameters else {}),
        "tasks": [_task_once(graph.task(key), state.tasks[key], page, kept) for key in graph.keys],
        "repair_history": _history(state),
    }


def page_of(pages: str, run_id: int) -> str:
    """Return the address of a run's page; empty if whoever started it has no pages."""
    return f"{pages}{run_id}" if pages else ""


def _life(state: RunState) -> str:
    if state.finished:
        return "TERMINATED"
    if state.started:
        return "TERMINATING" if state.cancel else "RUNNING"
    return "PENDING" if state.queued_at is None else "QUEUED"


def _task_once(task: Task, found: TaskState, page: str, kept: Kept) -> dict[str, Any]:
    """Return a task, made anew only if it is not what it was."""
    known = kept.get(task.task_key)
    if known and known[0] is task and known[1] is found and known[2]["run_page_url"] == page:
        return known[2]
    made = _task(task, found, page)
    kept[task.task_key] = (task, found, made)
    return made


def _task(task: Task, found: TaskState, page: str) -> dict[str, Any]:
    block = task.block.model_dump(mode="json", exclude_unset=True)
    if task.kind == CONDITION.name and found.outcome is not None:
        block["outcome"] = "true" if found.outcome else "false"
    if found.counts is not None:
        block["stats"] = {"task_run_stats": _stats(found.counts, len(found.iterations))}
    settings = task.model_dump(mode="json", exclude_unset=True, include=_SETTINGS)
    document = {
        "task_key": task.task_key,
        "depends_on": [
            parent.model_dump(mode="json", exclude_unset=True) for parent in task.depends_on
        ],
        "run_if": task.run_if,
        **settings,
        task.kind: block,
        **_unit(found),
        "run_page_url": page,
    }
    resolved = _resolved(found)
    if resolved:
        document["resolved_values"] = resolved
    if task.kind == FOR_EACH.name:
        document["iterations"] = [_iteration(each) for each in found.iterations]
    return document


_SETTINGS = {
    "description",
    "disabled",
    "max_retries",
    "min_retry_interval_millis",
    "retry_on_timeout",
    "timeout_seconds",
    "job_cluster_key",
    "environment_key",
}


def _iteration(found: IterationState) -> dict[str, Any]:
    document = {"iteration": found.index, "input": found.input, **_unit(found)}
    resolved = _resolved(found)
    return {**document, "resolved_values": resolved} if resolved else document


def _unit(found: UnitState) -> dict[str, Any]:
    """Return what tasks and iterations have in common."""
    last = found.last
    life = found.life
    stopping = life == "RUNNING" and last is not None and last.stopping
    attempts = [_attempt(attempt) for attempt in found.attempts]
    first = found.attempts[found.earlier : found.earlier + 1]
    document = {
        "run_id": found.task_run_id,
        "original_attempt_run_id": first[0].task_run_id if first else found.task_run_id,
        "attempt_number": last.attempt if last else 0,
        **_standing("TERMINATING" if stopping else life, found.result, found.code, found.message),
        **_times(found.started_at, found.finished_at),
        "output": attempts[-1]["output"] if attempts else {},
        "output_notebook": last.output_notebook if last else "",
        "task_values": dict(found.values) if found.values else {},
        "attempts": attempts,
    }
    if last is not None and last.result is None and last.cells:
        document["progress"] = {"cell": last.cell, "cells": last.cells}
    return document


def _attempt(attempt: AttemptState) -> dict[str, Any]:
    life = "TERMINATED" if attempt.result else "TERMINATING" if attempt.stopping else "RUNNING"
    code = code_of(attempt.result, attempt.failure) if attempt.result else ""
    message = message_of(attempt.result, attempt.failure) if attempt.result else ""
    document = {
        "attempt_number": attempt.attempt,
        "run_id": attempt.task_run_id,
        **_standing(life, attempt.result, code, message),
        **_times(attempt.started_at, attempt.finished_at),
        "output": _output(attempt),
        "output_notebook": attempt.output_notebook,
    }
    document |= _reports(attempt)
    if attempt.failure is not None:
        document["failure"] = {
            "cause": attempt.failure.cause,
            "message": attempt.failure.message,
            "error": attempt.failure.error,
            "cell": attempt.failure.cell,
            "source": attempt.failure.source,
            "source_cell": attempt.failure.written,
        }
    return document


def _reports(attempt: AttemptState) -> dict[str, list[dict[str, Any]]]:
    """Return what the notebook told, in the order in which it first told it."""
    listed: dict[str, list[dict[str, Any]]] = {}
    for (kind, _), report in attempt.reports.items():
        if kind not in REPORTS:
            continue
        told = {name: value for name, value in report.items() if name != "kind"}
        listed.setdefault(REPORTS[kind], []).append(told)
    return listed


def _output(attempt: AttemptState) -> dict[str, Any]:
    output: dict[str, Any] = {}
    for name, block in attempt.block.items():
        returned = Returned(
            block=block,
            over=attempt.result is not None,
            exit_value=attempt.exit_value,
            rows=sql_rows(attempt),
            child_run_id=attempt.child_run_id,
        )
        output |= KINDS[name].output(returned) if name in KINDS else {}
    if attempt.failure is not None:
        output["error"] = attempt.failure.message
        output["error_trace"] = attempt.failure.traceback
    return output


def _resolved(found: TaskState | UnitState) -> dict[str, Any]:
    """Return what the references in a task's block stood for in its last attempt."""
    operands = getattr(found, "operands", None)
    if operands is not None:
        left, op, right = operands
        return {CONDITION.name: {"left": left, "op": op, "right": right}}
    if found.last is None or not found.last.block:
        return {}
    return {name: _with(name, block, found.last) for name, block in found.last.block.items()}


def _with(name: str, block: dict[str, Any], attempt: AttemptState) -> dict[str, Any]:
    """Return the settings of a task with the parameters that it got by name."""
    kind = KINDS.get(name)
    if kind is None or kind.named is None or not kind.takes_names(block):
        return block
    return {**block, kind.named.field: attempt.parameters}


def _standing(
    life: str, result: ResultState | None, code: str, message: str, *, run: bool = False
) -> dict[str, Any]:
    """Return `state`, which the API calls deprecated, and `status`."""
    state: dict[str, Any] = {"life_cycle_state": life}
    if result == "MAXIMUM_CONCURRENT_RUNS_REACHED":
        state["life_cycle_state"] = "SKIPPED"
    elif run and result == "FAILED":
        state["life_cycle_state"] = "INTERNAL_ERROR"
    if result is not None:
        state["result_state"] = result
    state["state_message"] = message
    state["user_cancelled_or_timedout"] = result in {"CANCELED", "TIMEDOUT"}
    status: dict[str, Any] = {"state": _STATUS.get(life, life)}
    if life == "QUEUED":
        status["queue_details"] = {"code": "MAX_CONCURRENT_RUNS_REACHED", "message": message}
    if result is not None:
        details = {"code": code, "type": type_of(code), "message": message}
        status["termination_details"] = details
    return {"state": state, "status": status}


def _times(started_at: int | None, finished_at: int | None) -> dict[str, int]:
    start, end = started_at or 0, finished_at or 0
    return {
        "start_time": start,
        "end_time": end,
        "setup_duration": 0,
        "execution_duration": end - start if start and end else 0,
        "cleanup_duration": 0,
    }


def _run_duration(state: RunState) -> int:
    """Return how long the run and its repairs took, without the time between them."""
    return sum(
        episode.finished_at - episode.started_at
        for episode in state.episodes
        if episode.finished_at is not None
    )


def _job_parameters(graph: RunGraph, state: RunState) -> list[dict[str, str]]:
    defaults = {parameter.name: parameter.default for parameter in graph.job.parameters}
    return [
        {"name": name, **({"default": defaults[name]} if name in defaults else {}), "value": value}
        for name, value in state.parameters.items()
    ]


def _stats(counts: Counts, total: int) -> dict[str, int]:
    return {
        "total_iterations": total,
        "active_iterations": counts.active,
        "scheduled_iterations": len(counts.todo) - counts.given,
        "completed_iterations": counts.succeeded + counts.failed,
        "succeeded_iterations": counts.succeeded,
        "failed_iterations": counts.failed,
    }


def _history(state: RunState) -> list[dict[str, Any]]:
    """Return the original run and its repairs, each with the task runs that were its own."""
    if not state.episodes:
        return []
    firsts = [episode.first_task_run_id for episode in state.episodes]
    kept = {id_: number for number, each in enumerate(state.episodes) for id_ in each.kept}
    ids: list[list[int]] = [[] for _ in firsts]
    for task in state.tasks.values():
        last_of_episode: dict[int, int] = {}
        own = [attempt.task_run_id for attempt in task.attempts]
        for task_run_id in (*own, task.promised):
            if task_run_id:
                began = bisect_right(firsts, task_run_id) - 1
                last_of_episode[kept.get(task_run_id, began)] = task_run_id
        for number, task_run_id in last_of_episode.items():
            ids[number].append(task_run_id)
    history = []
    for number, episode in enumerate(state.episodes):
        lost = episode.finished_at is None and number < len(state.episodes) - 1
        life = "TERMINATED" if episode.result else "INTERNAL_ERROR" if lost else "RUNNING"
        document = {
            "type": episode.type,
            **({"id": episode.id} if episode.type == "REPAIR" else {}),
            **_standing(life, episode.result, episode.code, episode.message, run=True),
            "start_time": episode.started_at,
            "end_time": episode.finished_at or 0,
            "task_run_ids": sorted(ids[number]),
        }
        history.append(document)
    return history
