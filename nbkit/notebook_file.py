"""Notebook files (`.ipynb`) as people have them: read without a word, odd metadata put right.

nbformat lets metadata of any shape pass, and warns on the terminal of what it mends; what reads
notebooks here can rely on their shape.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from nbkit.own_language import in_python_notebook, language_of

if TYPE_CHECKING:
    from pathlib import Path

    from nbformat import NotebookNode

_VERSION = 4
"""The version that all others become."""
_WITH_IDS = 5
"""The minor version since which cells have ids."""
_KINDS = ("code", "markdown", "raw")
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_CONFLICT = ("<<<<<<< ", ">>>>>>> ")


class NotANotebookError(ValueError):
    """A file that cannot be a notebook; its text is the reason, on one line."""


def read_notebook_file(path: Path) -> NotebookNode:
    """Read a notebook of any format version as version 4 and in Python, without its outputs.

    Raises:
        NotANotebookError: it is none.
        OSError: it cannot be read.
    """
    import nbformat

    data = _parsed(path.read_bytes())
    if data.get("nbformat") in (_VERSION, str(_VERSION)):
        data["nbformat"] = _VERSION
        _put_right(data)
    try:
        notebook = nbformat.from_dict(nbformat.reads(json.dumps(data), as_version=_VERSION))
        _put_right(notebook)
    except NotANotebookError:
        raise
    except Exception as error:  # nbformat fails in many ways
        reason = str(error).split("\n", 1)[0] or type(error).__name__
        raise NotANotebookError(reason) from error
    _speak_python(notebook)
    found: NotebookNode = nbformat.from_dict(notebook)
    return found


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotANotebookError(f"it is not text in UTF-8 ({error.reason})") from None
    try:
        data = json.loads(text)
    except ValueError as error:
        for number, line in enumerate(text.splitlines(), 1):
            if line.startswith(_CONFLICT):
                message = f"it has merge conflict markers, the first in line {number}"
                raise NotANotebookError(message) from None
        raise NotANotebookError(f"it is not JSON: {error}") from None
    except RecursionError:
        raise NotANotebookError("it is nested too deeply") from None
    if not isinstance(data, dict):
        raise NotANotebookError("it is JSON, but not of a notebook")
    return data


def _put_right(notebook: dict[str, Any]) -> None:
    """Give a notebook's metadata the shapes that all who read it expect."""
    about = notebook["metadata"] = _mapping(notebook.get("metadata"))
    for name in ("kernelspec", "language_info", "papermill"):
        if name in about and not isinstance(about[name], dict):
            del about[name]
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise NotANotebookError("it has no list of cells")
    named: set[str] = set()
    for number, cell in enumerate(cells):
        _put_cell_right(cell, number)
        name = cell.get("id")
        if not isinstance(name, str) or not _ID.fullmatch(name) or name in named:
            name = cell["id"] = uuid.uuid4().hex[:8]
        named.add(name)
    minor = notebook.get("nbformat_minor", 0)
    if type(minor) is not int or minor < 0:
        notebook["nbformat_minor"] = minor = _WITH_IDS
    if minor < _WITH_IDS:
        for cell in cells:
            del cell["id"]


def _speak_python(notebook: dict[str, Any]) -> None:
    """Give each cell the magic that it would have in a Python notebook."""
    spoken = language_of(notebook["metadata"])
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["source"] = in_python_notebook(cell["source"], spoken)
    if spoken != "python":
        notebook["metadata"]["language_info"] = {"name": "python"}


def _put_cell_right(cell: dict[str, Any], number: int) -> None:
    if cell.get("cell_type") not in _KINDS:
        raise NotANotebookError(f"cell {number} is neither code nor text")
    about = cell["metadata"] = _mapping(cell.get("metadata"))
    tags = about.get("tags", [])
    about["tags"] = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    for name in ("jupyter", "papermill", "execution"):
        if name in about and not isinstance(about[name], dict):
            del about[name]
    pictures = cell.get("attachments", {})
    if not isinstance(pictures, dict) or not all(isinstance(v, dict) for v in pictures.values()):
        del cell["attachments"]
    source = cell.get("source", "")
    lines = source if isinstance(source, list) else [source]
    if not all(isinstance(line, str) for line in lines):
        raise NotANotebookError(f"cell {number} has something else than text as its source")
    cell["source"] = "".join(lines)
    if cell.get("cell_type") == "code":  # what an earlier run left is not read
        cell["outputs"], cell["execution_count"] = [], None


def _mapping(value: Any) -> Any:
    return value if isinstance(value, dict) else {}
