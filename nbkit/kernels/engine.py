"""The papermill engine `nbkit`: in nbkit's own runs, and in `papermill --engine nbkit`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from nbkit.errors import Failure
from nbkit.kernels.own_loop import run_in_own_loop

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from nbkit.kernels.attempt import Attempt


class NbkitEngine:
    """What papermill calls to run a notebook.

    Not a subclass of papermill's `Engine`: papermill loads this class by its entry point while
    it is itself being imported, so that this module must do without it.
    """

    @classmethod
    def execute_notebook(
        cls,
        nb: NotebookNode,
        kernel_name: str,
        output_path: str | None = None,
        attempt: Attempt | None = None,
        **options: Any,
    ) -> NotebookNode:
        """Run a notebook, save it as it goes, and return it.

        Args:
            nb: the notebook, changed in place.
            kernel_name: its kernelspec.
            output_path: where papermill wants it; an attempt knows that by itself.
            attempt: what to run it for; None when papermill is used without nbkit.
            options: papermill's own, and traits of nbclient.

        Raises:
            NotebookFailed: it did not succeed; but an error of a cell is left to papermill to
                report when it is used without nbkit.
        """
        from nbkit.kernels.outcome import NotebookFailed
        from nbkit.kernels.standalone import standalone_attempt

        if attempt is not None:
            run_in_own_loop(_execute(nb, kernel_name, attempt, options))
            return nb
        attempt = standalone_attempt(nb, output_path, options)
        try:
            run_in_own_loop(_execute(nb, kernel_name, attempt, options))
        except NotebookFailed as failed:
            if failed.failure.cause != "cell_error":
                raise
        finally:
            attempt.pool.close()
        return nb

    @classmethod
    def nb_kernel_name(cls, nb: NotebookNode, name: str | None = None) -> str:
        """Return the kernel to use; a notebook that names none gets this Python."""
        return name or str(nb.metadata.get("kernelspec", {}).get("name") or "nbkit")

    @classmethod
    def nb_language(cls, nb: NotebookNode, language: str | None = None) -> str:
        """Return the language of a notebook's cells; Python if it does not say."""
        from nbkit.kernels import kernelspecs

        return language or kernelspecs.language(nb)


async def _execute(
    nb: NotebookNode, kernel_name: str, attempt: Attempt, options: dict[str, Any]
) -> None:
    """Run a notebook and note its outcome in the attempt.

    Raises:
        NotebookFailed: it did not succeed.
    """
    from nbkit.kernels.client import AttemptClient
    from nbkit.kernels.outcome import NotebookFailed, Outcome, failure_of, result_of
    from nbkit.kernels.record import AttemptRecord

    record = AttemptRecord(
        nb,
        attempt,
        progress_bar=options.get("progress_bar", False),
        log_output=options.get("log_output", False),
    )
    known = AttemptClient.class_trait_names()
    traits = {name: value for name, value in options.items() if name in known}
    record.notebook_start()
    try:
        exit_value = await AttemptClient(record, attempt, **traits).run(kernel_name)
    except asyncio.CancelledError:  # Ctrl-C
        record.finish(Failure("canceled", "Interrupted"))
        raise
    except Exception as error:
        failure = failure_of(error)
        attempt.outcome = Outcome(result_of(failure), None, failure)
        failure = record.finish(failure)  # now counted with the markers
        attempt.outcome = Outcome(result_of(failure), None, failure)
        raise NotebookFailed(failure) from error
    try:
        record.finish()
    except NotebookFailed as unsaved:
        attempt.outcome = Outcome("FAILED", None, unsaved.failure)
        raise
    attempt.outcome = Outcome("SUCCESS", exit_value)
