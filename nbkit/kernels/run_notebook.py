"""Run notebooks, each in a fresh kernel, and tell how they ended."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import papermill
from nbformat.v4 import new_notebook
from papermill.iorw import load_notebook_node

from nbkit.kernels.attempt import Attempt, Listener, NotebookRequest, StopRequest
from nbkit.kernels.kernelspecs import find_kernelspec_problem, kernel_name, language, read_notebook
from nbkit.kernels.outcome import NotebookFailed, Outcome, failure_of, result_of
from nbkit.kernels.output import OutputNotebook
from nbkit.kernels.parameters import typed_parameters
from nbkit.kernels.pool import Pool
from nbkit.kernels.record import AttemptRecord
from nbkit.readable import readable

if TYPE_CHECKING:
    from types import TracebackType

    from nbformat import NotebookNode

    from nbkit.errors import Failure
    from nbkit.settings import Settings

__all__ = [
    "Kernels",
    "Listener",
    "NotebookRequest",
    "Outcome",
    "StopRequest",
    "find_kernelspec_problem",
]

_log = logging.getLogger(__name__)

# What it would warn of on standard error, the outcome tells.
logging.getLogger("papermill").addHandler(logging.NullHandler())


class Kernels:
    """Runs notebooks; usable from any number of threads.

    As a context manager it makes spare kernels ahead of use, and leaves none behind.

    Args:
        settings: of the project.
        pool: where kernels come from, if that was made ahead; it is closed with them.

    Attributes:
        env: environment variables that every notebook gets.
        folder: private folder of the kernels, removed with them.
    """

    def __init__(self, settings: Settings, pool: Pool | None = None) -> None:
        self.env: dict[str, str] = {}
        self._run = settings.run
        self._pool = pool or Pool(settings.kernels)
        self.folder = self._pool.folder

    def __enter__(self) -> Self:
        """Begin to make spare kernels."""
        self._pool.warm_up()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End every kernel."""
        self.close()

    def close(self) -> None:
        """End every kernel and remove what they left in the temporary folder."""
        self._pool.close()

    def run_notebook(
        self, request: NotebookRequest, listener: Listener, stop: StopRequest
    ) -> Outcome:
        """Run a notebook to its end, whatever that is; errors are told in the outcome."""
        attempt = Attempt(
            context={**request.context, "env": {**self.env, **request.context["env"]}},
            cell_timeout_seconds=request.cell_timeout_seconds,
            grace_seconds=self._run.grace_seconds,
            listener=listener,
            stop=stop,
            pool=self._pool,
            output=OutputNotebook(request.output.absolute(), self._run.save_seconds),
        )
        notebook = None
        try:
            given = request.notebook
            notebook = read_notebook(given) if isinstance(given, Path) else given
            papermill.execute_notebook(
                notebook,
                None,  # the engine writes the output notebook, see `output.py`
                typed_parameters(notebook, request.context["parameters"]),
                engine_name="nbkit",
                kernel_name=kernel_name(notebook) or "nbkit",
                language=language(notebook),
                progress_bar=False,
                attempt=attempt,
            )
        except Exception as error:  # noqa: BLE001 - this is the border that maps them all
            if attempt.outcome is None:
                attempt.outcome = _not_begun(attempt, notebook, failure_of(error))
        assert attempt.outcome is not None
        return _readable(attempt.outcome)


def _readable(outcome: Outcome) -> Outcome:
    """Return an outcome that can be put on record: its texts may be of any notebook."""
    failure = outcome.failure
    if failure is not None:
        failure = replace(
            failure,
            message=readable(failure.message),
            error=readable(failure.error),
            traceback=readable(failure.traceback),
            source=readable(failure.source),
        )
    value = outcome.exit_value
    return replace(outcome, failure=failure, exit_value=value and readable(value))


def _not_begun(attempt: Attempt, notebook: NotebookNode | None, failure: Failure) -> Outcome:
    """Leave an output notebook that says why even this one could not be begun."""
    shown = load_notebook_node(notebook or new_notebook())
    try:
        record = AttemptRecord(shown, attempt, progress_bar=False)
        record.notebook_start()
        if failure.cell is not None:
            record.cell_failed(failure.cell, failure)
        failure = record.finish(failure)
    except NotebookFailed as unsaved:  # the first reason counts; it may be this one
        _log.warning("%s", unsaved)
    return Outcome(result_of(failure), None, failure)
