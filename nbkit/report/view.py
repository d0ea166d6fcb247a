"""A run's record as the pages show it: the only place here that knows the record's fields.

Records have the shape of the Jobs API's `runs/get` answer (`nbkit.rules.record`); a field that
is absent reads as empty, so records of other programs can be shown too.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.graph.kinds import KINDS, words
from nbkit.graph.kinds.for_each import FOR_EACH
from nbkit.report.state_looks import FAILURES, StateLook, look
from nbkit.report.wording import named, one_line, plain
from nbkit.wire import REPORTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.wire import SparkWork

Record = dict[str, Any]

TOLD = tuple(REPORTS.values())
"""Fields of an attempt's record that its notebook filled."""

_LINE = re.compile(r"^\s*Cell In\[\d+\], line (\d+)", re.MULTILINE)
"""How IPython names the line of the cell that was run, before the lines that it called."""

_OVER = 6
"""The rank from which on tasks keep the order of the job: nothing is wrong with them."""


@dataclass(frozen=True, slots=True)
class Span:
    """What has a state and a time: a run, a repair, a task, an attempt, an iteration."""

    look: StateLook
    started: int
    ended: int

    @property
    def milliseconds(self) -> int | None:
        """How long it took; None while it is going on or if it never ran."""
        return self.ended - self.started if self.started and self.ended else None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something failed, or nothing.

    Attributes:
        error: one line, with the exception's name.
        trace: the whole traceback.
        cell: number of the failing cell in the output notebook, from 1; 0 if none is known.
        source_cell: its number in the notebook that was run.
        line: of that cell, as the traceback says; 0 if none is known.
    """

    error: str = ""
    trace: str = ""
    cell: int = 0
    source_cell: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class AttemptView(Span):
    """One attempt of a task or iteration.

    Attributes:
        told: what its notebook told of itself, by the record's fields: `steps`, `expectations`,
            `child_runs`, `datasets`.
    """

    number: int
    trouble: Trouble
    notebook: str
    told: dict[str, list[Record]]


@dataclass(frozen=True, slots=True)
class Iteration(Span):
    """One iteration of a For each task; `input` as JSON text."""

    index: int
    input: str
    trouble: Trouble
    attempts: tuple[AttemptView, ...]
    notebook: str


@dataclass(frozen=True, slots=True)
class TaskView(Span):
    """One task.

    Attributes:
        subject: what it runs: a notebook's path, a condition, the inputs of a For each.
        depends_on: (parent, outcome) pairs; the outcome is empty but for conditions.
        outcome: `true` or `false`, for a condition that was evaluated.
        reason: why it did not run.
        parameters: what it got if it ran (`resolved`), what the job says if not.
        values: task values as JSON text.
        progress: the code cell it works on, from 1, and how many there are; (0, 0) if it does not.
        spark: what Spark does for it right now; None for nothing that is known.
    """

    key: str
    type: str
    subject: str
    description: str
    run_if: str
    depends_on: tuple[tuple[str, str], ...]
    outcome: str
    reason: str
    trouble: Trouble
    exit_value: str | None
    resolved: bool
    parameters: tuple[tuple[str, str], ...]
    values: tuple[tuple[str, str], ...]
    attempts: tuple[AttemptView, ...]
    iterations: tuple[Iteration, ...]
    notebook: str
    progress: tuple[int, int]
    spark: SparkWork | None

    @property
    def told(self) -> dict[str, list[Record]]:
        """What the notebook of the last attempt told of itself; of all iterations together."""
        units = self.iterations or (self,)
        last = [unit.attempts[-1].told for unit in units if unit.attempts]
        return {name: found for name in TOLD if (found := [one for t in last for one in t[name]])}

    @property
    def kind(self) -> str:
        """Its type in a person's words."""
        return words(self.type)

    @property
    def counts(self) -> list[tuple[StateLook, int]]:
        """How many iterations are in each state, failures first."""
        return count(self.iterations)

    @property
    def failed(self) -> list[Iteration]:
        """The iterations with an error of their own."""
        return [one for one in self.iterations if one.look.rank == 0]


@dataclass(frozen=True, slots=True)
class RunView(Span):
    """One run; `repairs` begin with the original run."""

    run_id: int
    job_id: int
    name: str
    message: str
    parameters: tuple[tuple[str, str], ...]
    repairs: tuple[Span, ...]
    tasks: tuple[TaskView, ...]

    @property
    def worked(self) -> int | None:
        """How long it and its repairs took, without the time between them."""
        parts = [entry.milliseconds for entry in self.repairs] or [self.milliseconds]
        known = [part for part in parts if part is not None]
        return sum(known) if known and self.ended else None

    @property
    def counts(self) -> list[tuple[StateLook, int]]:
        """How many tasks are in each state, failures first."""
        return count(self.tasks)

    @property
    def failed(self) -> list[TaskView]:
        """The tasks with an error of their own, in the order in which they failed."""
        found = (task for task in self.tasks if task.look.rank == 0)
        return sorted(found, key=lambda task: task.ended)

    @property
    def failed_first(self) -> list[TaskView]:
        """All tasks: failures, then what did not run because of them, then the others."""
        return sorted(self.tasks, key=lambda task: min(task.look.rank, _OVER))


def count(spans: tuple[TaskView, ...] | tuple[Iteration, ...]) -> list[tuple[StateLook, int]]:
    """Return how many there are of each look, failures first."""
    found = Counter(span.look for span in spans)
    return sorted(found.items(), key=lambda pair: pair[0].rank)


def run_view(record: Record) -> RunView:
    """Return the record of a run as the pages show it."""
    state = record.get("state") or {}
    return RunView(
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


def _task(record: Record) -> TaskView:
    state = record.get("state") or {}
    output = record.get("output") or {}
    message = state.get("state_message") or ""
    failed = state.get("result_state") in FAILURES
    type_ = next((name for name in record if name.endswith("_task")), "")
    resolved = (record.get("resolved_values") or {}).get(type_)
    block = {**(record.get(type_) or {}), **(resolved or {})}
    return TaskView(
        **_span(record),
        key=record["task_key"],
        type=type_,
        subject=_subject(type_, block),
        description=record.get("description") or "",
        run_if=record.get("run_if") or "ALL_SUCCESS",
        depends_on=tuple(
            (parent["task_key"], parent.get("outcome") or "")
            for parent in record.get("depends_on") or ()
        ),
        outcome=str(block.get("outcome") or ""),
        reason="" if failed or record.get("attempts") else message,
        trouble=_trouble(record, message if failed else ""),
        exit_value=(output.get("notebook_output") or {}).get("result"),
        resolved=resolved is not None,
        parameters=_parameters(type_, block),
        values=_texts(record.get("task_values") or {}),
        attempts=_attempts(record),
        iterations=tuple(
            Iteration(
                **_span(one),
                index=one.get("iteration", at),
                input=text_of(one.get("input")),
                trouble=_trouble(one),
                attempts=_attempts(one),
                notebook=one.get("output_notebook") or "",
            )
            for at, one in enumerate(record.get("iterations") or ())
        ),
        notebook=record.get("output_notebook") or "",
        progress=_progress(record),
        spark=(record.get("progress") or {}).get("spark"),
    )


def _progress(record: Record) -> tuple[int, int]:
    found = record.get("progress") or {}
    return found.get("cell", 0), found.get("cells", 0)


def _attempts(record: Record) -> tuple[AttemptView, ...]:
    return tuple(
        AttemptView(
            **_span(attempt),
            number=attempt.get("attempt_number", at),
            trouble=_trouble(attempt),
            notebook=attempt.get("output_notebook") or "",
            told={name: list(attempt.get(name) or ()) for name in TOLD},
        )
        for at, attempt in enumerate(record.get("attempts") or ())
    )


def _trouble(record: Record, otherwise: str = "") -> Trouble:
    """Return why a task, iteration or attempt failed: for the first two, their last attempt."""
    attempts = record.get("attempts") or [record]
    failure = attempts[-1].get("failure") or {}
    output = record.get("output") or {}
    message = failure.get("message") or output.get("error") or otherwise
    trace = plain(output.get("error_trace") or "")
    lines = _LINE.findall(trace)
    return Trouble(
        error=named(failure.get("error") or "", one_line(message)),
        trace=trace,
        cell=_number(failure.get("cell")),
        source_cell=_number(failure.get("source_cell")),
        line=int(lines[0]) if lines else 0,
    )


def _number(index: int | None) -> int:
    return 0 if index is None else index + 1


def _span(record: Record) -> dict[str, Any]:
    state = record.get("state") or {}
    return {
        "look": look(state.get("result_state"), state.get("life_cycle_state") or ""),
        "started": record.get("start_time") or 0,
        "ended": record.get("end_time") or 0,
    }


def _subject(type_: str, block: Mapping[str, Any]) -> str:
    if type_ == FOR_EACH.name:
        nested = block.get("task") or {}
        name = next((key for key in nested if key in KINDS), "")
        return _subject(name, nested.get(name) or {})
    return KINDS[type_].subject(block) if type_ in KINDS else ""


def _parameters(type_: str, block: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    given = KINDS[type_].given(block) if type_ in KINDS else {}
    if isinstance(given, list):
        given = {str(place): value for place, value in enumerate(given, 1)}
    return _texts(given)


def _texts(values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), text_of(value)) for name, value in values.items())


def text_of(value: Any) -> str:
    """Return a JSON value as text: strings as they are."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
