"""A notebook's own language: what a cell without a magic is written in.

Databricks keeps it in the notebook's metadata, and so do other tools; a kernel knows only Python.
So a cell in another language gets the magic that it would have in a Python notebook.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_DATABRICKS = "application/vnd.databricks.v1+notebook"
_OTHERS = frozenset({"sql", "r", "scala"})
_OF_THIS_PYTHON = frozenset({"", "nbkit", "python3"})
_LINE_ENDS = re.compile(r"\r\n?")
_NAMES = {"r": "R", "scala": "Scala"}
_UNSUPPORTED = re.compile(r"%{1,2}(r|scala)(?!\w)")
_BEFORE_A_MAGIC = re.compile(r"(?:[ \t]*(?:(?:#|--|//)[^\n]*)?\n)*[ \t]*(?=%)")
"""Blank lines and comments of any language, a cell's title among them."""


def language_of(metadata: object) -> str:
    """Return the language of a notebook's cells: `python`, `sql`, `r` or `scala`.

    Args:
        metadata: of the notebook. Where it names a kernel of another language, that kernel runs
            the cells as they are, and for nbkit they are like Python's.
    """
    told = _object(metadata)
    own = str(_object(told.get(_DATABRICKS)).get("language") or "").lower()
    if own in _OTHERS:
        return own
    kernel = str(_object(told.get("kernelspec")).get("name") or "")
    spoken = str(_object(told.get("language_info")).get("name") or "").lower()
    return spoken if spoken in _OTHERS and kernel in _OF_THIS_PYTHON and not own else "python"


def plain_lines(source: str) -> str:
    r"""Return a cell whose lines end with `\n`, whatever the system of its editor."""
    return _LINE_ENDS.sub("\n", source) if "\r" in source else source


def has_magic(source: str) -> bool:
    """Say whether a cell begins with a magic, after comments and blank lines."""
    return _BEFORE_A_MAGIC.match(source) is not None


def before_magic(source: str) -> int:
    """Return how many characters of comments and blank lines stand before a cell's magic."""
    found = _BEFORE_A_MAGIC.match(source)
    return found.end() if found else 0


def in_python_notebook(source: str, language: str) -> str:
    """Return a cell as it would stand in a Python notebook.

    Args:
        source: of the cell.
        language: of its notebook.
    """
    source = plain_lines(source)
    if language == "python" or not source.strip() or has_magic(source):
        return source
    return f"%{language}\n{source}"


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def other_cells(cells: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield those of some cells, numbered, that are in a language that nbkit does not run.

    Args:
        cells: number and source of each cell of code, as in a Python notebook.
    """
    for number, source in cells:
        found = _UNSUPPORTED.match(plain_lines(source), before_magic(plain_lines(source)))
        if found:
            yield number, _NAMES[found[1]]
