"""What dynamic value references stand for, at the moment when an attempt starts.

A text that is one reference and nothing else keeps the type of its value; within other text a
value is spelled as JSON, strings without their quotes. What is malformed or belongs to no known
namespace stays as it is written.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nbkit.graph.kinds import KINDS
from nbkit.graph.kinds.notebook import NOTEBOOK
from nbkit.graph.references import Reference, parse
from nbkit.near import hint
from nbkit.rules.moves import definition
from nbkit.wire import OUTPUT_BYTES, OUTPUT_ROWS, ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from nbkit.events import JsonValue, Unit
    from nbkit.graph.model import Task
    from nbkit.graph.references import Piece
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.state import AttemptState, IterationState, RunState, TaskState


BACKFILL = "backfill"
"""Where a run's `trigger_info` has the start of the window that it makes up for."""


class Unknown(str):
    """Stands for a value that is not known yet, in an explanation; nobody's own text is one."""

    __slots__ = ()


def has_unknown(value: object) -> bool:
    """Say whether something in a value is not known yet."""
    if isinstance(value, dict):
        return any(map(has_unknown, (*value, *value.values())))
    if isinstance(value, (list, tuple)):
        return any(map(has_unknown, value))
    return isinstance(value, Unknown)


class NoValueError(Exception):
    """A reference has no value now; the message says which and why, for a person."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What references may speak of: the run, and the attempt about to start.

    Attributes:
        unit: whose attempt; None while job parameters are resolved, before any task.
        task_run_id: the id that the attempt will have.
    """

    graph: RunGraph
    state: RunState
    unit: Unit | None = None
    task_run_id: int = 0


def resolve(text: str, scope: Scope) -> JsonValue:
    """Return what a text stands for.

    Raises:
        NoValueError: a reference in it has no value.
    """
    if "{{" not in text:
        return text
    values = [value for _, value in pieces(text, scope)]
    if len(values) == 1:
        return values[0]
    text = "".join(map(as_text, values))
    return Unknown(text) if has_unknown(values) else text


def pieces(text: str, scope: Scope) -> Iterator[tuple[Piece, JsonValue]]:
    """Yield the pieces of a text with what each stands for.

    Raises:
        NoValueError: a reference in it has no value.
    """
    for piece in parse(text):
        yield piece, _value(piece, scope) if isinstance(piece, Reference) else piece.text


def resolve_all(value: JsonValue, scope: Scope) -> JsonValue:
    """Return lists and dicts with every text in them resolved, as text.

    Raises:
        NoValueError: a reference in it has no value.
    """
    if isinstance(value, str):
        return as_text(resolve(value, scope))
    if isinstance(value, dict):
        return {name: resolve_all(part, scope) for name, part in value.items()}
    if isinstance(value, list):
        return [resolve_all(part, scope) for part in value]
    return value


def as_text(value: JsonValue) -> str:
    """Spell a value within text: strings as they are, all else as JSON."""
    if isinstance(value, str):
        return value
    text = json.dumps(value, ensure_ascii=False)
    return Unknown(text) if has_unknown(value) else text


def _value(reference: Reference, scope: Scope) -> JsonValue:
    path = reference.path
    lookup = _SHORT.get(path[0]) if len(path) == 1 else _NAMESPACES.get(path[0])
    if lookup is None and path[0] not in _NAMESPACES:
        return reference.text
    try:
        return lookup(path[1:], scope) if lookup else _nothing(path)
    except NoValueError as error:
        raise NoValueError(f"{reference.text} has no value: {error}.") from None


def _nothing(path: tuple[str, ...]) -> Any:
    raise NoValueError(f"there is nothing called {'.'.join(path)!r}")


def _job(path: tuple[str, ...], scope: Scope) -> JsonValue:  # noqa: PLR0911 one per reference
    state = scope.state
    match path:
        case ("id",):
            return state.job_id
        case ("name",):
            return state.run_name
        case ("run_id",):
            return state.run_id
        case ("repair_count",):
            return len(state.repairs)
        case ("parameters", *rest) if rest:
            return _named("the job has no parameter", ".".join(rest), state.parameters)
        case ("start_time", argument):
            return _time(argument, state.started_at)
        case ("trigger", "type"):
            return state.trigger
        case ("trigger", "time", argument):
            planned_at = state.trigger_info.get("time", state.started_at)
            return _time(argument, planned_at, minutes=state.trigger == "periodic")
        case ("trigger", "file_arrival" | "table_update" | "job_completion" | "model", *_):
            return _of_trigger(path[1:], state.trigger_info)
    return _nothing(("job", *path))


def _of_trigger(path: tuple[str, ...], info: Mapping[str, JsonValue]) -> JsonValue:
    """Return what is known of the trigger that started a run; empty if another one did."""
    *above, last = path
    stem = ".".join(above)
    if above[-1:] == ["commit_timestamp"] and stem in info:
        return _time(last, info[stem])
    return info.get(".".join(path), "")


def _task(path: tuple[str, ...], scope: Scope) -> JsonValue:
    if scope.unit is None:
        raise NoValueError("no task runs yet when job parameters get their values")
    task = definition(scope.graph, scope.unit)
    found = scope.state.unit(scope.unit)
    match path:
        case ("name",):
            return task.task_key
        case ("run_id",):
            return scope.task_run_id
        case ("notebook_path",):
            return _notebook(task)
        case ("execution_count",):
            return 1 + (len(found.attempts) if found else 0)
    return _nothing(("task", *path))


def _notebook(task: Task) -> str:
    notebook = NOTEBOOK.of(task)
    return notebook.notebook_path if notebook else ""


def _tasks(path: tuple[str, ...], scope: Scope) -> JsonValue:  # noqa: PLR0911 one per reference
    found: TaskState = _named("the job has no task", path[0], scope.state.tasks)
    task = scope.graph.task(found.key)
    match path[1:]:
        case ("values", *rest) if rest:
            ran = "has" if found.attempts else "did not run and has"
            return _named(f"task {found.key!r} {ran} set no value", ".".join(rest), found.values)
        case ("run_id",):
            return found.task_run_id
        case ("execution_count",):
            return len(found.attempts)
        case ("notebook_path",):
            return _notebook(task)
        case ("result_state",) if found.result:
            return found.result.lower()
        case ("error_code",) if found.result:
            good = found.result == "SUCCESS"
            return "" if good else found.code.title().replace("_", "")
        case ("result_state" | "error_code",):
            raise NoValueError(f"task {found.key!r} is not over")
        case ("output", *rest):
            return _output(tuple(rest), path, found, task.kind)
    return _nothing(("tasks", *path))


def _output(
    wanted: tuple[str, ...], path: tuple[str, ...], found: TaskState, kind: str
) -> JsonValue:
    """Return rows of a SQL task, or one value of the first."""
    if not KINDS[kind].gives_rows:
        raise NoValueError(f"only SQL tasks have an output, and {found.key!r} is none")
    output = sql_rows(found.last)
    if output is None:
        ran = "gave no rows" if found.attempts else "did not run"
        raise NoValueError(f"task {found.key!r} {ran}")
    match wanted:
        case ("rows",) if output["more"]:
            limits = f"{OUTPUT_ROWS:,} rows and {OUTPUT_BYTES // 1024} KiB"
            raise NoValueError(f"task {found.key!r} gave more rows than the limit, {limits}")
        case ("rows",):
            return output["rows"]
        case ("first_row", *column):
            if not output["rows"]:
                raise NoValueError(f"task {found.key!r} gave no rows")
            row = output["rows"][0]
            missing = f"the output of task {found.key!r} has no column"
            return _named(missing, ".".join(column), row) if column else row
    return _nothing(("tasks", *path))


def sql_rows(attempt: AttemptState | None) -> dict[str, Any] | None:
    """Return the rows that an attempt at a SQL task told of, a `nbkit.wire.RowsRead`."""
    return attempt.reports.get((ROWS, "last")) if attempt else None


def _input(path: tuple[str, ...], scope: Scope) -> JsonValue:
    found = scope.state.unit(scope.unit) if scope.unit else None
    if scope.unit is None or scope.unit.iteration is None or found is None:
        raise NoValueError("only the task inside a For each has an input")
    iteration: IterationState = scope.state.tasks[scope.unit.task_key].iterations[
        scope.unit.iteration
    ]
    value = iteration.input
    for name in path:
        if not isinstance(value, dict):
            raise NoValueError(f"the input {as_text(iteration.input)} is no object")
        value = _named("the input has no key", name, value)
    return value


def _workspace(path: tuple[str, ...], scope: Scope) -> JsonValue:
    del scope
    match path:
        case ("id",):
            return 0
        case ("url",):
            return ""
    return _nothing(("workspace", *path))


def _backfill(path: tuple[str, ...], scope: Scope) -> JsonValue:
    start = scope.state.trigger_info.get(BACKFILL)
    if start is None:
        raise NoValueError("this run is no backfill")
    if len(path) != 1:
        return _nothing(("backfill", *path))
    return _time(path[0], start)


def _named(missing: str, name: str, values: Any) -> Any:
    if name not in values:
        raise NoValueError(f"{missing} {name!r}{hint(name, values)}")
    return values[name]


def _time(argument: str, at: int | None, *, minutes: bool = False) -> JsonValue:
    assert at is not None
    at -= at % 60_000 if minutes else 0
    moment = datetime.fromtimestamp(at / 1000, UTC)
    if argument == "timestamp_ms":
        return at
    if argument not in _TIMES:
        raise NoValueError(f"a time has no {argument!r}{hint(argument, _TIMES)}")
    return _TIMES[argument](moment)


_TIMES: dict[str, Callable[[datetime], JsonValue]] = {
    "iso_weekday": datetime.isoweekday,
    "is_weekday": lambda moment: moment.isoweekday() < 6,  # noqa: PLR2004
    "iso_date": lambda moment: moment.date().isoformat(),
    "iso_datetime": lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S"),
    "year": lambda moment: moment.year,
    "month": lambda moment: moment.month,
    "day": lambda moment: moment.day,
    "hour": lambda moment: moment.hour,
    "minute": lambda moment: moment.minute,
    "second": lambda moment: moment.second,
}
_NAMESPACES: dict[str, Callable[[tuple[str, ...], Scope], JsonValue]] = {
    "job": _job,
    "task": _task,
    "tasks": _tasks,
    "input": _input,
    "workspace": _workspace,
    "backfill": _backfill,
}
_SHORT: dict[str, Callable[[tuple[str, ...], Scope], JsonValue]] = {
    "input": _input,
    "job_id": lambda _, scope: scope.state.job_id,
    "run_id": lambda _, scope: scope.task_run_id,
    "start_date": lambda _, scope: _time("iso_date", scope.state.started_at),
    "task_retry_count": lambda _, scope: _task(("execution_count",), scope) - 1,
}
