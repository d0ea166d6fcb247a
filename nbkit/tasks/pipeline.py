"""`pipeline_task`: the update of a declarative pipeline, by an engine that is handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from nbkit.tasks.work import TaskFailedError

if TYPE_CHECKING:
    from pathlib import Path

    from nbkit.kernels.attempt import StopRequest
    from nbkit.tasks.work import Ended, Reports, Work


class PipelineEngine(Protocol):
    """Updates pipelines."""

    def update(self, work: Work, directory: Path, reports: Reports, stop: StopRequest) -> Ended:
        """Update the pipeline of `work.block`, as it says; end early when `stop` is requested.

        Args:
            work: the attempt; its block has `pipeline_id` and what to refresh.
            directory: folder of the job's file.
            reports: hears of progress.
            stop: may ask for the end.
        """
        ...


class PipelineTasks:
    """Runs attempts at pipeline tasks."""

    def __init__(self, engine: PipelineEngine | None, directory: Path) -> None:
        self._engine = engine
        self._directory = directory

    def __call__(self, work: Work, reports: Reports, stop: StopRequest) -> Ended:
        """Run one attempt to its end.

        Raises:
            TaskFailedError: this nbkit has no engine for pipelines.
        """
        if self._engine is None:
            name = work.block["pipeline_id"]
            message = f"nbkit does not run pipelines yet, so {name} is not updated."
            raise TaskFailedError("unsupported", message)
        return self._engine.update(work, self._directory, reports, stop)
