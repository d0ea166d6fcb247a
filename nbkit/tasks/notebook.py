"""`notebook_task`: a notebook, or a Databricks source notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.tasks.in_kernel import Program
from nbkit.tasks.places import find_notebook, missing_notebook
from nbkit.tasks.work import TaskFailedError

if TYPE_CHECKING:
    from pathlib import Path

    from nbkit.tasks.work import Work


def notebook_program(work: Work, directory: Path) -> Program:
    """Return the notebook that the task names.

    Raises:
        TaskFailedError: there is none.
    """
    named = work.block["notebook_path"]
    notebook = find_notebook(directory, named)
    if notebook is None:
        raise TaskFailedError("notebook_unreadable", missing_notebook(directory, named))
    return Program(notebook, notebook.parent, named)
