"""What every notebook of the repository keeps to."""

from __future__ import annotations

import nbformat


def check(path, *, saved=False):
    """It has nbkit's kernel, a heading, lines that fit the screen; returns its code cells.

    Only what is `saved` with its outputs has any.
    """
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert text == nbformat.writes(notebook) + "\n", "written as nbformat writes it"
    assert notebook.metadata.kernelspec.name == "nbkit"
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[0].source.startswith("# ")
    if not saved:
        assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert all(len(line) <= 100 for cell in notebook.cells for line in cell.source.splitlines())
    return code
