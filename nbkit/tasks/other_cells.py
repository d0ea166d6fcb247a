"""Cells of a notebook in languages that nbkit does not run, for people to know beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.kernels.kernelspecs import OWN_NAMES, kernel_name, read_notebook
from nbkit.kernels.outcome import NotebookFailed
from nbkit.on_disk import shown
from nbkit.own_language import other_cells

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def cells_in_other_languages(path: Path) -> Iterator[str]:
    """Yield for each such language which cells of a notebook are in it; cells count from 1."""
    try:
        notebook = read_notebook(path)
    except NotebookFailed:
        return  # that it cannot be read is told elsewhere
    if kernel_name(notebook) not in OWN_NAMES:  # another kernel has magics of its own
        return
    numbered = enumerate(notebook.cells, 1)
    code = ((number, cell.source) for number, cell in numbered if cell.cell_type == "code")
    found = dict(other_cells(code))
    for language in sorted({*found.values()}):
        numbers = [str(number) for number, spoken in found.items() if spoken == language]
        cells = "cell" if len(numbers) == 1 else "cells"
        yield f"{shown(path.name)} has {language} in {cells} {', '.join(numbers)}"
