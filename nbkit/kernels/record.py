"""What an output notebook tells of its own execution: papermill's metadata, but true."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

from nbformat.v4 import new_markdown_cell, new_output
from papermill.engines import NotebookExecutionManager
from papermill.execute import ERROR_MARKER_TAG

from nbkit.kernels.outcome import NotebookFailed, result_of
from nbkit.kernels.review import ANCHOR, fold, header

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from nbkit.errors import Failure
    from nbkit.kernels.attempt import Attempt

_MADE = frozenset({ERROR_MARKER_TAG, "injected-parameters"})
_log = logging.getLogger(__name__)


class AttemptRecord(NotebookExecutionManager):  # type: ignore[misc]
    """Keeps the state of every cell, and saves the notebook now and then.

    Unlike papermill's, it leaves cells that never ran pending, and marks the one that a timeout
    or a dead kernel ended as failed.
    """

    def __init__(self, nb: NotebookNode, attempt: Attempt, **options: Any) -> None:
        super().__init__(nb, **options)
        self._output = attempt.output
        self._context = attempt.context
        self._alone = attempt.alone
        self._later: asyncio.TimerHandle | None = None
        self._begun = False

    def notebook_start(self, **kwargs: Any) -> None:
        """Clear what an earlier run left, and save, so that the notebook can be opened."""
        if not isinstance(self.nb.metadata.papermill.get("input_path"), str):  # made, not read
            self.nb.metadata.papermill["input_path"] = self._context["notebook_path"]
        self._note_result(None)
        super().notebook_start(**kwargs)

    def save(self, *, force: bool = False, **kwargs: Any) -> None:
        """Save if it is time to, else as soon as it is.

        Raises:
            NotebookFailed: it has to be saved now, and cannot be: at the start and at the end.
        """
        del kwargs
        if self._output is None:
            return
        force, self._begun = force or not self._begun, True
        try:
            wait = self._output.save(self.nb, force=force)
        except NotebookFailed as error:
            if force:
                raise
            # A disk that is full for a while need not end the notebook: the last save decides.
            _log.warning("%s", error)
            return
        if self._later is not None and not wait:
            self._later.cancel()
            self._later = None
        elif wait and self._later is None:
            loop = asyncio.get_running_loop()
            self._later = loop.call_later(wait, self._save_later)

    def autosave_cell(self) -> None:
        """Save if it is time to; called at every output."""
        self.save()

    def _save_later(self) -> None:
        self._later = None
        self.save()

    def cell_failed(self, index: int, failure: Failure) -> None:
        """Mark a cell as the guilty one; say why, if it has not said so itself."""
        cell = self.nb.cells[index]
        self.cell_exception(cell, cell_index=index)
        raised = any(output.output_type == "error" for output in cell.outputs)
        if not raised or failure.cause not in {"cell_error", "driver_lost"}:
            lines = [failure.message, *failure.traceback.splitlines()]
            cell.outputs.append(
                new_output("error", ename=failure.error, evalue=failure.message, traceback=lines)
            )

    @overload
    def finish(self, failure: None = None) -> None: ...
    @overload
    def finish(self, failure: Failure) -> Failure: ...
    def finish(self, failure: Failure | None = None) -> Failure | None:
        """Close the record and save it.

        Args:
            failure: why the notebook failed; None if it did not.

        Returns:
            The failure, its cell counted with the markers that now lead the reader to it.
        """
        self.end_time = self.now()
        about = self.nb.metadata.papermill
        if self._output is not None:
            about["output_path"] = str(self._output.path)
        about["end_time"] = self.end_time.isoformat()
        about["duration"] = (self.end_time - self.start_time).total_seconds()
        self._note_result(result_of(failure))
        if failure is not None:
            about["exception"] = True
        if not self._alone:  # else papermill marks failures, and would mark them twice
            failure = self._make_reviewable(failure)
        self.complete_pbar()
        self.cleanup_pbar()
        self.save(force=True)
        return failure

    def _note_result(self, result: str | None) -> None:
        context = self._context
        self.nb.metadata["nbkit"] = {
            "run_id": context["run_id"],
            "task_key": context["task_key"],
            "attempt": context["attempt"],
            "result": result,
        }

    def _make_reviewable(self, failure: Failure | None) -> Failure | None:
        """Put a header on the notebook, lead to the failing cell, and fold what is long."""
        guilty = None
        if failure is not None and failure.cell is not None:
            guilty = self.nb.cells[failure.cell]
            marker = _marker(f'<span id="{ANCHOR}">**Failed here:**</span>')
            self.nb.cells.insert(failure.cell, marker)
        fold(self.nb, guilty)
        first = header(
            self._context,
            self._output.path if self._output is not None else "",
            result=result_of(failure),
            seconds=(self.end_time - self.start_time).total_seconds(),
            failure=failure,
        )
        self.nb.cells.insert(0, first)
        if failure is None or failure.cell is None:
            return failure
        made = sum(map(_is_made, self.nb.cells[1 : failure.cell + 1]))
        return replace(failure, cell=failure.cell + 2, written=failure.cell - made)


def _is_made(cell: NotebookNode) -> bool:
    """Say whether a cell was put in for this attempt, or for an earlier one."""
    return bool(_MADE & set(cell.metadata.get("tags", ())))


def _marker(text: str) -> NotebookNode:
    return new_markdown_cell(text, metadata={"tags": [ERROR_MARKER_TAG]})
