"""Notebooks between their two forms: Databricks' source files and Jupyter's documents; pure."""

from __future__ import annotations

import json
from typing import Any

from nbformat import NotebookNode, writes
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from nbkit.source_notebook import cells, header

_LINE = "COMMAND ----------"


def as_source(notebook: dict[str, Any]) -> str:
    """Return a document of Jupyter as the source of a Python notebook; outputs are left out."""
    texts = []
    for cell in notebook.get("cells", []):
        source = cell.get("source", "")
        text = (source if isinstance(source, str) else "".join(source)).rstrip("\n")
        kind = cell.get("cell_type")
        if kind == "markdown":
            text = f"%md\n{text}"
        elif kind != "code":
            continue
        if text.lstrip().startswith("%"):
            text = "\n".join(f"# MAGIC {line}".rstrip() for line in text.split("\n"))
        texts.append(text)
    body = f"\n\n# {_LINE}\n\n".join(texts)
    return f"{header('.py')}\n{body}\n"


def as_document(text: str, suffix: str) -> str:
    """Return a source notebook as a document of Jupyter."""
    made: NotebookNode = new_notebook()
    for cell in cells(text, suffix):
        new = new_code_cell if cell.kind == "code" else new_markdown_cell
        made.cells.append(new(cell.source))
    return str(writes(made))


def with_header(text: str, suffix: str) -> str:
    """Return the source of a notebook with the line that says that it is one."""
    first = header(suffix)
    return text if text.removeprefix("\ufeff").startswith(first) else f"{first}\n{text}"


def document_of(data: bytes) -> dict[str, Any] | None:
    """Return a document of Jupyter; None if it is none."""
    try:
        found = json.loads(data)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("cells"), list) else None
