"""What the fields of one task mean to each other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from nbkit.graph.findings import Finding, Loc, shown
from nbkit.graph.model import TASK_TYPES
from nbkit.graph.references import references
from nbkit.near import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.graph.model import ConditionTask, ForEachTask, Task
    from nbkit.graph.task_types import PythonWheelTask, SqlTask

_SQL = ("query", "file", "dashboard", "alert")
_AS_TEXT = ("EQUAL_TO", "NOT_EQUAL")


def check_task(task: Task, loc: Loc) -> Iterator[Finding]:
    """Yield what is wrong within a task, and within the inner task of a For each task."""
    yield from _kinds(task, loc)
    if task.condition_task:
        yield from _condition(task.condition_task, (*loc, "condition_task"))
    if task.python_wheel_task:
        yield from _wheel(task.python_wheel_task, (*loc, "python_wheel_task"))
    if task.sql_task:
        yield from _sql(task.sql_task, (*loc, "sql_task"))
    if task.for_each_task:
        yield from _for_each(task.for_each_task, (*loc, "for_each_task"))


def _kinds(task: Task, loc: Loc) -> Iterator[Finding]:
    if len(task.kinds) > 1:
        message = f"a task has one type only, not {' and '.join(task.kinds)}"
        yield Finding((*loc, task.kinds[1]), message)
    elif not task.kinds:
        near = next(filter(None, (nearest(n, TASK_TYPES) for n in task.model_extra or ())), None)
        meant = f"nearest: {near}" if near else "it needs one, such as notebook_task"
        yield Finding(loc, f"task {task.task_key} has no task type; {meant}")


def _condition(condition: ConditionTask, loc: Loc) -> Iterator[Finding]:
    if condition.op in _AS_TEXT:
        return
    for side in ("left", "right"):
        operand = getattr(condition, side)
        if not references(operand) and not _is_number(operand):
            message = f"{condition.op} compares numbers, and {shown(operand)} is none"
            yield Finding((*loc, side), message, "warning")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _wheel(wheel: PythonWheelTask, loc: Loc) -> Iterator[Finding]:
    if wheel.parameters and wheel.named_parameters:
        message = "either parameters or named_parameters can be given, not both"
        yield Finding((*loc, "named_parameters"), message)


def _sql(sql: SqlTask, loc: Loc) -> Iterator[Finding]:
    given = [name for name in _SQL if getattr(sql, name) is not None]
    if len(given) != 1:
        message = f"exactly one of {', '.join(_SQL)} is needed, not {' and '.join(given) or 'none'}"
        yield Finding(loc, message)


def _for_each(each: ForEachTask, loc: Loc) -> Iterator[Finding]:
    inner = (*loc, "task")
    if not references(each.inputs):
        try:
            fits = isinstance(json.loads(each.inputs), list)
        except (ValueError, RecursionError):
            fits = False
        if not fits:
            message = (
                f"must be a JSON array, such as [1, 2], or a reference to one, "
                f"not {shown(each.inputs)}"
            )
            yield Finding((*loc, "inputs"), message)
    if each.task.for_each_task:
        yield Finding((*inner, "for_each_task"), "a For each task cannot run inside another")
        return
    if each.task.depends_on:
        message = "the inner task of a For each task waits for nothing; its own task does"
        yield Finding((*inner, "depends_on"), message, "warning")
    yield from check_task(each.task, inner)
