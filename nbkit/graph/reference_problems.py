"""What may be wrong with a reference: its name, and where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from nbkit.errors import Problem, Severity
from nbkit.graph.kinds import KINDS
from nbkit.graph.kinds.for_each import FOR_EACH
from nbkit.near import hint, meant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.graph.references import Reference
    from nbkit.graph.run_graph import RunGraph

_Shape: TypeAlias = "dict[str, _Shape]"
_Complaint: TypeAlias = tuple[str, Severity]

TIME_ARGUMENTS = (
    "iso_weekday",
    "is_weekday",
    "iso_date",
    "iso_datetime",
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "timestamp_ms",
)

DEPRECATED = {
    "job_id": "job.id",
    "run_id": "task.run_id",
    "start_date": "job.start_time.iso_date",
    "task_retry_count": "task.execution_count",
}

_END: _Shape = {}
_FREE: _Shape = {"": {}}
_NAMED: _Shape = {"*": {}}
_TIME: _Shape = dict.fromkeys(TIME_ARGUMENTS, _END)
_SHAPES: _Shape = {
    "job": {
        "id": _END,
        "name": _END,
        "run_id": _END,
        "repair_count": _END,
        "parameters": _NAMED,
        "start_time": _TIME,
        "trigger": {
            "type": _END,
            "time": _TIME,
            "file_arrival": {"location": _END},
            "table_update": _FREE,
            "job_completion": _FREE,
            "model": _FREE,
        },
    },
    "task": {"name": _END, "run_id": _END, "notebook_path": _END, "execution_count": _END},
    "tasks": {
        "*": {
            "run_id": _END,
            "result_state": _END,
            "values": _NAMED,
            "output": {"rows": _END, "first_row": _FREE, "alert_state": _END},
            "error_code": _END,
            "execution_count": _END,
            "notebook_path": _END,
        }
    },
    "input": _FREE,
    "workspace": {"id": _END, "url": _END},
    "backfill": _TIME,
}
"""What may follow what: nothing after `_END`, any name at `*`, a name that may have dots in it
after `_NAMED`, anything or nothing after `_FREE`."""


def problems(
    reference: Reference,
    graph: RunGraph,
    task_key: str | None,
    *,
    pointer: str = "",
    iterates: bool = False,
) -> list[Problem]:
    """Check a reference without running anything.

    Args:
        reference: what to check.
        graph: the job it stands in.
        task_key: the task whose settings it stands in; None for those of the job.
        pointer: where it stands, for the problems.
        iterates: whether it stands in the inner task of a For each task.
    """
    found = [*_wrong_key(reference), *_out_of_place(reference, graph, task_key, iterates=iterates)]
    return [
        Problem(pointer, f"{reference.text} {message}", severity) for message, severity in found
    ]


def _wrong_key(reference: Reference) -> Iterator[_Complaint]:
    first, *_ = reference.path
    if first in DEPRECATED and len(reference.path) == 1:
        yield f"is deprecated; write {{{{{DEPRECATED[first]}}}}}", "warning"
        return
    if first not in _SHAPES:
        near = meant(first, _SHAPES)
        yield f"is no reference that Databricks knows and stays as it is{near}", "warning"
        return
    shape = _SHAPES
    for depth, name in enumerate(reference.path):
        before = ".".join(reference.path[:depth])
        if shape is _FREE or shape is _NAMED:
            return
        if shape is _END:
            yield f"goes on where {before} already is a value", "error"
            return
        if name not in shape and "*" not in shape:
            yield f"is not valid: {before} has no {name}{hint(name, shape)}", "error"
            return
        shape = shape.get(name, shape.get("*", _END))
    if shape is not _END and shape is not _FREE:
        names = "a name" if "*" in shape else f"one of {', '.join(shape)}"
        yield f"is incomplete: {names} must follow", "error"


def _out_of_place(
    reference: Reference, graph: RunGraph, task_key: str | None, *, iterates: bool
) -> Iterator[_Complaint]:
    match reference.path:
        case ("job", "parameters", _, *_):
            name = ".".join(reference.path[2:])
            declared = [parameter.name for parameter in graph.job.parameters]
            if name not in declared:
                yield f"names no parameter of the job{hint(name, declared)}", "error"
        case ("input", *_) if not iterates:
            yield "only has a value in the inner task of a For each task", "warning"
        case ("backfill", argument) if argument in TIME_ARGUMENTS:
            yield "only has a value in a run of nbkit backfill", "warning"
        case ("task" | "tasks", *_) if task_key is None:
            yield "has no value outside of tasks", "warning"
        case ("tasks", other, key, *_) if task_key is not None:
            yield from _other_task(other, key, graph, task_key)


def _other_task(other: str, key: str, graph: RunGraph, task_key: str) -> Iterator[_Complaint]:
    if other not in graph:
        outer = graph.iterating(other)
        if outer:
            yield f"reads {other}, which runs many times inside {outer}", "warning"
        else:
            yield f"names no task of the job{hint(other, graph.keys)}", "error"
        return
    if not graph.cyclic and not graph.is_ancestor(other, of=task_key):
        yield f"reads {other}, but {task_key} does not wait for {other}", "warning"
        return
    kind = KINDS.get(graph.task(other).kind)
    if kind is None:
        return
    if key == "output" and not kind.gives_rows:
        yield f"has no value: only SQL tasks have an output, and {other} is none", "warning"
    elif key == "values" and kind is FOR_EACH:
        yield f"has no value: the iterations of {other} hand none on", "warning"
    elif key == "values" and kind.runs != "nobody" and not kind.sets_values:
        yield f"has no value: only code sets task values, and {other} has none", "warning"
