"""Why a run took as long as it did: when each task could have begun, and the critical path."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbkit.report.view import RunView, TaskView


def ready_times(run: RunView) -> dict[str, int]:
    """Return when each task that ran was free to begin: once its parents were over.

    Milliseconds since the epoch. After a repair only what belongs to it is compared, so a task
    whose parents were over in an earlier part is ready when the part began.
    """
    ended = {task.key: task.ended for task in run.tasks}
    starts = [part.started for part in run.repairs] or [run.started]
    ready = {}
    for task in run.tasks:
        first = _first(task)
        if not first:
            continue
        begun = max((start for start in starts if start <= first), default=run.started)
        parents = (ended.get(key, 0) for key, _ in task.depends_on)
        known = [at for at in parents if begun <= at <= first]
        ready[task.key] = max(known, default=begun)
    return ready


def critical_path(run: RunView) -> tuple[str, ...]:
    """Return the tasks that decided how long the run took, first to last.

    From the task that ended last back to the parent that ended last, and so on: had any of them
    been faster, the run would have been.
    """
    tasks = {task.key: task for task in run.tasks if task.started and task.ended}
    path: list[str] = []
    at = max(tasks.values(), key=lambda task: task.ended, default=None)
    while at is not None:
        path.append(at.key)
        parents = [tasks[key] for key, _ in at.depends_on if key in tasks]
        at = max(parents, key=lambda task: task.ended, default=None)
    return tuple(reversed(path))


def _first(task: TaskView) -> int:
    return task.attempts[0].started if task.attempts else task.started
