"""Which task types this nbkit runs, and what it says of the others.

If/else and For each are not among them: `nbkit.rules` decides those without running anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from nbkit.tasks.notebook import NotebookTasks
from nbkit.tasks.work import TaskFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbkit.kernels.attempt import StopRequest
    from nbkit.settings import Settings
    from nbkit.tasks.notebook import NotebookRunner
    from nbkit.tasks.work import Reports, TaskType, Work

SUPPORTED = ("notebook_task", "condition_task", "for_each_task")


def task_types(
    kernels: NotebookRunner, settings: Settings, directory: Path
) -> Mapping[str, TaskType]:
    """Return who runs which type of task.

    Args:
        kernels: runs notebooks.
        settings: of the project.
        directory: folder of the job's file, which its paths are relative to.
    """
    return {"notebook_task": NotebookTasks(kernels, settings, directory)}


def unsupported(work: Work, reports: Reports, stop: StopRequest) -> NoReturn:
    """Fail an attempt of a type that nbkit does not run."""
    del reports, stop
    message = f"nbkit does not run tasks of type {work.task.kind}; it runs {', '.join(SUPPORTED)}."
    raise TaskFailedError("unsupported", message)
