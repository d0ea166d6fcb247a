"""The notebook's own language while a person works in it: a cell of SQL without a magic is SQL.

Jobs put the magic into each cell before it runs. Here the front end sends cells as they are, so
what the notebook's file says is looked up with each cell.
"""

from __future__ import annotations

import json
import typing

from nbkit import serving as attempt
from nbkit.own_language import in_python_notebook, language_of
from nbkit.toolkit import person
from nbkit.toolkit.declared_parameters import file_of

if typing.TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from IPython.core.interactiveshell import InteractiveShell

_known: dict[tuple[Path, int], str] = {}


def follow(shell: InteractiveShell) -> Callable[[list[str]], list[str]]:
    """Return an input transformer that gives a person's cells the magic of their language."""

    def in_own_language(lines: list[str]) -> list[str]:
        text = "".join(lines)
        if attempt.current() is not None or not person.is_there() or not _is_asked(shell, text):
            return lines
        return in_python_notebook(text, _language(shell)).splitlines(keepends=True)

    return in_own_language


def _is_asked(shell: InteractiveShell, text: str) -> bool:
    """Say whether a text is the cell that the person runs, and nothing that runs because of it."""
    kernel = getattr(shell, "kernel", None)
    asked = kernel.get_parent() if kernel is not None else {}
    return str(asked.get("content", {}).get("code", "")).strip() == text.strip()


def _language(shell: InteractiveShell) -> str:
    file = file_of(shell.user_ns)
    if file is None:
        return "python"
    try:
        key = (file, file.stat().st_mtime_ns)
        if key not in _known:
            _known.clear()
            _known[key] = language_of(json.loads(file.read_bytes()).get("metadata"))
        return _known[key]
    except (OSError, ValueError, AttributeError):  # it is being written, or no notebook
        return "python"
