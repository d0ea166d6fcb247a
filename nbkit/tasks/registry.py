"""Who does which type of task, and what is said of those that nobody does here.

If/else and For each are not among them: `nbkit.rules` decides those without running anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from nbkit.graph.kinds import KINDS, SUPPORTED
from nbkit.tasks.in_kernel import InKernel
from nbkit.tasks.run_job import RunJobTasks
from nbkit.tasks.work import TaskFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbkit.kernels.attempt import StopRequest
    from nbkit.settings import Settings
    from nbkit.tasks.in_kernel import NotebookRunner
    from nbkit.tasks.run_job import JobRunner
    from nbkit.tasks.work import Reports, TaskType, Work


def task_types(
    kernels: NotebookRunner,
    settings: Settings,
    directory: Path,
    *,
    run_job: JobRunner | None = None,
) -> Mapping[str, TaskType]:
    """Return who runs which type of task.

    Args:
        kernels: runs notebooks.
        settings: of the project.
        directory: folder of the job's file, which its paths are relative to.
        run_job: runs other jobs; None where nobody does.
    """
    who: dict[str, TaskType] = {
        "kernel": InKernel(kernels, settings, directory),
        "job": RunJobTasks(run_job),
    }
    return {name: who[kind.runs] for name, kind in KINDS.items() if kind.runs in who}


def unsupported(work: Work, reports: Reports, stop: StopRequest) -> NoReturn:
    """Fail an attempt of a type that nbkit does not run."""
    del reports, stop
    message = f"nbkit does not run tasks of type {work.task.kind}; it runs {', '.join(SUPPORTED)}."
    raise TaskFailedError("unsupported", message)
