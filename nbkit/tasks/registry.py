"""Which task types this nbkit runs, and what it says of the others.

If/else and For each are not among them: `nbkit.rules` decides those without running anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from nbkit.tasks.dbt import dbt_program
from nbkit.tasks.in_kernel import InKernel
from nbkit.tasks.notebook import notebook_program
from nbkit.tasks.pipeline import pipeline_program
from nbkit.tasks.python_wheel import wheel_program
from nbkit.tasks.run_job import RunJobTasks
from nbkit.tasks.spark_python import script_program
from nbkit.tasks.sql import sql_program
from nbkit.tasks.work import TaskFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbkit.kernels.attempt import StopRequest
    from nbkit.settings import Settings
    from nbkit.tasks.in_kernel import NotebookRunner, Prepare
    from nbkit.tasks.run_job import JobRunner
    from nbkit.tasks.work import Reports, TaskType, Work

IN_KERNELS: Mapping[str, Prepare] = {
    "notebook_task": notebook_program,
    "spark_python_task": script_program,
    "python_wheel_task": wheel_program,
    "sql_task": sql_program,
    "dbt_task": dbt_program,
    "pipeline_task": pipeline_program,
}

SUPPORTED = (*IN_KERNELS, "condition_task", "for_each_task", "run_job_task")


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
    in_kernels = {
        kind: InKernel(prepare, kernels, settings, directory)
        for kind, prepare in IN_KERNELS.items()
    }
    return {**in_kernels, "run_job_task": RunJobTasks(run_job)}


def unsupported(work: Work, reports: Reports, stop: StopRequest) -> NoReturn:
    """Fail an attempt of a type that nbkit does not run."""
    del reports, stop
    message = f"nbkit does not run tasks of type {work.task.kind}; it runs {', '.join(SUPPORTED)}."
    raise TaskFailedError("unsupported", message)
