"""Attempts that run as a notebook in a kernel of their own, whatever their task type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from nbkit import wire
from nbkit.errors import Failure
from nbkit.kernels.attempt import NotebookRequest
from nbkit.tasks.compute import surroundings
from nbkit.tasks.other_cells import cells_in_other_languages
from nbkit.tasks.places import output_path, relative
from nbkit.tasks.programs import prepared
from nbkit.tasks.work import Ended

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.kernels.attempt import Listener, StopRequest
    from nbkit.kernels.outcome import Outcome
    from nbkit.settings import Settings
    from nbkit.tasks.compute import Surroundings
    from nbkit.tasks.programs import Prepared
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


class InKernel:
    """Runs attempts; see `nbkit.tasks.registry.task_types` for the arguments."""

    def __init__(self, kernels: NotebookRunner, settings: Settings, directory: Path) -> None:
        self._kernels = kernels
        self._settings = settings
        self._directory = directory.absolute()
        self._told: set[str] = set()

    def __call__(self, work: Work, reports: Reports, stop: StopRequest) -> Ended:
        """Run one attempt to its end.

        Raises:
            TaskFailedError: what the task names is not there.
        """
        program = prepared(work, self._directory)
        settings, command = self._settings, work.command
        output = output_path(
            settings.runs_directory, work.state.run_id, command.unit, command.attempt
        )
        output.parent.mkdir(parents=True, exist_ok=True)
        around = surroundings(work.job, work.task)
        if command.attempt == 0 and command.unit.iteration in {None, 0}:
            for note in (*around.notes, *_left_out(work, program)):
                reports.noted(note)
        request = NotebookRequest(
            notebook=program.notebook,
            output=output,
            context=self._context(work, program, around),
            cell_timeout_seconds=settings.run.cell_timeout_seconds,
        )
        ear = _Ear(reports, self._told)
        outcome = self._kernels.run_notebook(request, ear, stop)
        place = relative(output, settings.root) if output.exists() else ""
        if ear.refused is not None and outcome.failure is None:
            return Ended("FAILED", outcome.exit_value, ear.refused, place)
        return Ended(outcome.result, outcome.exit_value, outcome.failure, place)

    def _context(self, work: Work, program: Prepared, around: Surroundings) -> Context:
        command, state = work.command, work.state
        return {
            "project": str(self._settings.root.absolute()),
            "directory": str(program.directory),
            "notebook_path": program.name,
            "job_id": state.job_id,
            "job_name": work.job.name,
            "run_id": state.run_id,
            "task_key": command.unit.task_key,
            "task_run_id": command.task_run_id,
            "attempt": command.attempt,
            "iteration": command.unit.iteration,
            "parameters": command.parameters,
            "secrets": command.secrets,
            "skip_unsupported": state.skip_unsupported,
            "task_values": state.task_values(),
            "spark_conf": around.spark_conf,
            "env": {**program.env, **around.env},
        }


def _left_out(work: Work, program: Prepared) -> Iterator[str]:
    """Yield what is to be said of cells that `--skip-unsupported` leaves out."""
    if work.state.skip_unsupported and isinstance(program.notebook, Path):
        for said in cells_in_other_languages(program.notebook):
            yield f"Left out: {said}, which nbkit does not run."


class _Ear:
    """Hears what a notebook says; refuses task values that are too large."""

    def __init__(self, reports: Reports, told: set[str]) -> None:
        self.refused: Failure | None = None
        self._told = told
        self._reports = reports

    def progressed(self, cell: int, cells: int) -> None:
        self._reports.progressed(cell, cells)

    def said(self, message: Message) -> None:
        if message["kind"] in (*wire.REPORTS, wire.ROWS):
            self._reports.reported(cast("wire.Report", message))
        if message["kind"] == "spark_work":
            self._reports.working(message)
        lacking = message.get("lacking", "") if message["kind"] == "spark_attached" else ""
        if lacking and lacking not in self._told:  # one line in the run is enough
            self._told.add(lacking)
            self._reports.noted(lacking)
        if message["kind"] != "task_value":
            return
        key, value = message["key"], message["value"]
        size = len(json.dumps(value, ensure_ascii=False).encode())
        if size <= _VALUE_LIMIT_BYTES:
            self._reports.value_set(key, value)
            return
        text = (
            f"Task value {key!r} is {size:,} bytes as JSON; the limit is {_VALUE_LIMIT_BYTES:,} "
            "(48 KiB). Write it to a table or a file and hand over its name."
        )
        self.refused = Failure("cell_error", text, error="ValueError")
