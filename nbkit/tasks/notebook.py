"""`notebook_task`: one notebook, in a kernel of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

from nbkit.errors import Failure
from nbkit.kernels.attempt import NotebookRequest
from nbkit.tasks.compute import surroundings
from nbkit.tasks.places import find_notebook, missing_notebook, output_path, relative
from nbkit.tasks.work import Ended, TaskFailedError

if TYPE_CHECKING:
    from pathlib import Path

    from nbkit.kernels.attempt import Listener, StopRequest
    from nbkit.kernels.outcome import Outcome
    from nbkit.settings import Settings
    from nbkit.tasks.compute import Surroundings
    from nbkit.tasks.work import Reports, Work
    from nbkit.wire import Context, Message

_VALUE_LIMIT_BYTES = 48 * 1024


class NotebookRunner(Protocol):
    """Runs notebooks; `nbkit.kernels.run_notebook.Kernels` does."""

    def run_notebook(
        self, request: NotebookRequest, listener: Listener, stop: StopRequest
    ) -> Outcome:
        """Run one notebook to its end."""
        ...


class NotebookTasks:
    """Runs attempts at notebooks; see `nbkit.tasks.registry.task_types` for the arguments."""

    def __init__(self, kernels: NotebookRunner, settings: Settings, directory: Path) -> None:
        self._kernels = kernels
        self._settings = settings
        self._directory = directory.absolute()

    def __call__(self, work: Work, reports: Reports, stop: StopRequest) -> Ended:
        """Run one attempt to its end.

        Raises:
            TaskFailedError: there is no such notebook.
        """
        named = work.block["notebook_path"]
        notebook = find_notebook(self._directory, named)
        if notebook is None:
            message = missing_notebook(self._directory, named)
            raise TaskFailedError("notebook_unreadable", message)
        settings, command = self._settings, work.command
        output = output_path(
            settings.runs_directory, work.state.run_id, command.unit, command.attempt
        )
        output.parent.mkdir(parents=True, exist_ok=True)
        around = surroundings(work.job, work.task)
        if command.attempt == 0 and command.unit.iteration in {None, 0}:
            for note in around.notes:
                reports.noted(note)
        request = NotebookRequest(
            notebook=notebook,
            output=output,
            context=self._context(work, notebook, around),
            cell_timeout_seconds=settings.run.cell_timeout_seconds,
        )
        ear = _Ear(reports)
        outcome = self._kernels.run_notebook(request, ear, stop)
        place = relative(output, settings.root) if output.exists() else ""
        if ear.refused is not None and outcome.failure is None:
            return Ended("FAILED", outcome.exit_value, ear.refused, place)
        return Ended(outcome.result, outcome.exit_value, outcome.failure, place)

    def _context(self, work: Work, notebook: Path, around: Surroundings) -> Context:
        command, state = work.command, work.state
        return {
            "project": str(self._settings.root.absolute()),
            "directory": str(notebook.parent),
            "notebook_path": work.block["notebook_path"],
            "job_id": state.job_id,
            "job_name": work.job.name,
            "run_id": state.run_id,
            "task_key": command.unit.task_key,
            "task_run_id": command.task_run_id,
            "attempt": command.attempt,
            "parameters": command.parameters,
            "task_values": state.task_values(),
            "spark_conf": around.spark_conf,
            "env": around.env,
        }


class _Ear:
    """Hears what a notebook says; refuses task values that are too large."""

    def __init__(self, reports: Reports) -> None:
        self.refused: Failure | None = None
        self._reports = reports

    def progressed(self, cell: int, cells: int) -> None:
        self._reports.progressed(cell, cells)

    def said(self, message: Message) -> None:
        if message["kind"] != "task_value":
            return
        key, value = message["key"], message["value"]
        size = len(json.dumps(value).encode())
        if size <= _VALUE_LIMIT_BYTES:
            self._reports.value_set(key, value)
            return
        text = (
            f"Task value {key!r} is {size:,} bytes as JSON; the limit is {_VALUE_LIMIT_BYTES:,} "
            "(48 KiB). Write it to a table or a file and hand over its name."
        )
        self.refused = Failure("cell_error", text, error="ValueError")
