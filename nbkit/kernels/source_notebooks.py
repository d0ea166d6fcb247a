"""Databricks source notebooks as notebooks that a kernel can run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from nbkit.errors import Failure
from nbkit.kernels.outcome import NotebookFailed
from nbkit.source_notebook import LANGUAGES, cells, header, is_source_notebook

if TYPE_CHECKING:
    from pathlib import Path

    from nbformat import NotebookNode

_NAMES = {"r": "an R", "scala": "a Scala"}


def read_source_notebook(path: Path) -> NotebookNode:
    """Convert a source notebook.

    Raises:
        NotebookFailed: it is a mere script, or of a language that nbkit has no kernel for.
        OSError, UnicodeDecodeError: it cannot be read.
    """
    suffix = path.suffix.lower()
    text = path.read_text(encoding="utf-8")
    if not is_source_notebook(text, suffix):
        advice = "; a script is run by a spark_python_task" if suffix == ".py" else ""
        message = f"{path} is no notebook: its first line is not {header(suffix)!r}{advice}"
        raise NotebookFailed(Failure("notebook_unreadable", message))
    if LANGUAGES[suffix] in _NAMES:
        kind = _NAMES[LANGUAGES[suffix]]
        message = f"{path} is {kind} notebook; nbkit runs notebooks in Python and SQL"
        raise NotebookFailed(Failure("unsupported", message))
    notebook = new_notebook()
    for cell in cells(text, suffix):
        if cell.title:
            notebook.cells.append(new_markdown_cell(f"#### {cell.title}"))
        made = new_code_cell if cell.kind == "code" else new_markdown_cell
        notebook.cells.append(made(cell.source))
    return notebook
