"""What the fields of one task mean to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.graph.findings import Finding, Loc
from nbkit.graph.kinds import KINDS
from nbkit.graph.kinds.for_each import FOR_EACH
from nbkit.near import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.graph.model import Task


def check_task(task: Task, loc: Loc) -> Iterator[Finding]:
    """Yield what is wrong within a task, and within the inner task of a For each task."""
    yield from _kinds(task, loc)
    for name in task.kinds:
        yield from KINDS[name].wrong(getattr(task, name), (*loc, name))
    each = FOR_EACH.of(task)
    if each and not FOR_EACH.of(each.task):
        yield from check_task(each.task, (*loc, FOR_EACH.name, "task"))


def _kinds(task: Task, loc: Loc) -> Iterator[Finding]:
    if len(task.kinds) > 1:
        message = f"a task has one type only, not {' and '.join(task.kinds)}"
        yield Finding((*loc, task.kinds[1]), message)
    elif not task.kinds:
        near = next(filter(None, (nearest(n, KINDS) for n in task.model_extra or ())), None)
        meant = f"nearest: {near}" if near else "it needs one, such as notebook_task"
        yield Finding(loc, f"task {task.task_key} has no task type; {meant}")
