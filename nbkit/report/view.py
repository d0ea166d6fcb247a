"""A run's record as the pages show it: the only place here that knows the record's fields.

Records have the shape of the Jobs API's `runs/get` answer (`nbkit.rules.record`); a field that
is absent reads as empty, so records of other programs can be shown too.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.report.looks import FAILURES, Look, kind, look

if TYPE_CHECKING:
    from collections.abc import Mapping

Record = dict[str, Any]

_OVER = 6
"""The rank from which on tasks keep the order of the job: nothing is wrong with them."""


@dataclass(frozen=True, slots=True)
class Span:
    """What has a state and a time: a run, a repair, a task, an attempt, an iteration."""

    look: Look
    started: int
    ended: int

    @property
    def milliseconds(self) -> int | None:
        """How long it took; None while it is going on or if it never ran."""
        return self.ended - self.started if self.started and self.ended else None


@dataclass(frozen=True, slots=True)
class Attempt(Span):
    """One attempt of a task or iteration."""

    number: int
    error: str
    trace: str
    notebook: str


@dataclass(frozen=True, slots=True)
class Iteration(Span):
    """One iteration of a For each task; `input` as JSON text."""

    index: int
    input: str
    error: str
    trace: str
    attempts: tuple[Attempt, ...]
    notebook: str


@dataclass(frozen=True, slots=True)
class Task(Span):
    """One task.

    Attributes:
        subject: what it runs: a notebook's path, a condition, the inputs of a For each.
        depends_on: (parent, outcome) pairs; the outcome is empty but for conditions.
        outcome: `true` or `false`, for a condition that was evaluated.
        reason: why it did not run.
        error: one or two lines; `trace` is the whole traceback.
        values: task values as JSON text.
    """

    key: str
    type: str
    subject: str
    description: str
    run_if: str
    depends_on: tuple[tuple[str, str], ...]
    outcome: str
    reason: str
    error: str
    trace: str
    exit_value: str | None
    parameters: tuple[tuple[str, str], ...]
    values: tuple[tuple[str, str], ...]
    attempts: tuple[Attempt, ...]
    iterations: tuple[Iteration, ...]
    notebook: str

    @property
    def kind(self) -> str:
        """Its type in a person's words."""
        return kind(self.type)

    @property
    def counts(self) -> list[tuple[Look, int]]:
        """How many iterations are in each state, failures first."""
        return count(self.iterations)


@dataclass(frozen=True, slots=True)
class Run(Span):
    """One run: `repairs` are (when, what) of each time it was taken up, the original first."""

    run_id: int
    job_id: int
    name: str
    message: str
    parameters: tuple[tuple[str, str], ...]
    repairs: tuple[Span, ...]
    tasks: tuple[Task, ...]

    @property
    def counts(self) -> list[tuple[Look, int]]:
        """How many tasks are in each state, failures first."""
        return count(self.tasks)

    @property
    def failed(self) -> list[Task]:
        """The tasks with an error of their own, in the order in which they failed."""
        found = (task for task in self.tasks if task.look.rank == 0)
        return sorted(found, key=lambda task: task.ended)

    @property
    def failed_first(self) -> list[Task]:
        """All tasks: failures, then what did not run because of them, then the others."""
        return sorted(self.tasks, key=lambda task: min(task.look.rank, _OVER))


def count(spans: tuple[Task, ...] | tuple[Iteration, ...]) -> list[tuple[Look, int]]:
    """Return how many there are of each look, failures first."""
    found = Counter(span.look for span in spans)
    return sorted(found.items(), key=lambda pair: pair[0].rank)


def run_view(record: Record) -> Run:
    """Return the record of a run as the pages show it."""
    state = record.get("state") or {}
    return Run(
        **_span(record),
        run_id=record.get("run_id", 0),
        job_id=record.get("job_id", 0),
        name=record.get("run_name") or "run",
        message=state.get("state_message") or "",
        parameters=tuple(
            (given.get("name", ""), str(given.get("value", given.get("default", ""))))
            for given in record.get("job_parameters") or ()
        ),
        repairs=tuple(Span(**_span(entry)) for entry in record.get("repair_history") or ()),
        tasks=tuple(_task(task) for task in record.get("tasks") or ()),
    )


def _task(record: Record) -> Task:
    state = record.get("state") or {}
    output = record.get("output") or {}
    message = state.get("state_message") or ""
    ran = bool(record.get("attempts")) or state.get("result_state") in FAILURES
    type_ = next((name for name in record if name.endswith("_task")), "")
    return Task(
        **_span(record),
        key=record["task_key"],
        type=type_,
        subject=_subject(type_, record.get(type_) or {}),
        description=record.get("description") or "",
        run_if=record.get("run_if") or "ALL_SUCCESS",
        depends_on=tuple(
            (parent["task_key"], parent.get("outcome") or "")
            for parent in record.get("depends_on") or ()
        ),
        outcome=str((record.get("condition_task") or {}).get("outcome") or ""),
        reason="" if ran else message,
        error=output.get("error") or (message if state.get("result_state") in FAILURES else ""),
        trace=output.get("error_trace") or "",
        exit_value=(output.get("notebook_output") or {}).get("result"),
        parameters=_texts(_parameters(record, type_)),
        values=_texts(record.get("task_values") or {}),
        attempts=tuple(_attempt(attempt) for attempt in record.get("attempts") or ()),
        iterations=tuple(
            _iteration(at, iteration) for at, iteration in enumerate(record.get("iterations") or ())
        ),
        notebook=record.get("output_notebook") or "",
    )


def _attempt(record: Record) -> Attempt:
    output = record.get("output") or {}
    return Attempt(
        **_span(record),
        number=record.get("attempt_number", 0),
        error=output.get("error") or "",
        trace=output.get("error_trace") or "",
        notebook=record.get("output_notebook") or "",
    )


def _iteration(at: int, record: Record) -> Iteration:
    output = record.get("output") or {}
    return Iteration(
        **_span(record),
        index=record.get("iteration", at),
        input=_text(record.get("input")),
        error=output.get("error") or "",
        trace=output.get("error_trace") or "",
        attempts=tuple(_attempt(attempt) for attempt in record.get("attempts") or ()),
        notebook=record.get("output_notebook") or "",
    )


def _span(record: Record) -> dict[str, Any]:
    state = record.get("state") or {}
    return {
        "look": look(state.get("result_state"), state.get("life_cycle_state") or ""),
        "started": record.get("start_time") or 0,
        "ended": record.get("end_time") or 0,
    }


def _subject(type_: str, block: Mapping[str, Any]) -> str:
    if type_ == "condition_task":
        return f"{block.get('left', '')} {block.get('op', '')} {block.get('right', '')}"
    if type_ == "for_each_task":
        nested = block.get("task") or {}
        name = next((key for key in nested if key.endswith("_task")), "")
        return _subject(name, nested.get(name) or {})
    for name in ("notebook_path", "python_file", "package_name", "pipeline_id", "job_id"):
        if block.get(name):
            return str(block[name])
    return ""


def _parameters(record: Record, type_: str) -> Mapping[str, Any]:
    """Return the parameters that the task got, as resolved."""
    block = (record.get("resolved_values") or {}).get(type_) or record.get(type_) or {}
    return block.get("base_parameters") or block.get("job_parameters") or {}


def _texts(values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), _text(value)) for name, value in values.items())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
