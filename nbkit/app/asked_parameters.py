"""The parameters that a notebook or a SQL file asks for, as far as its text tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbkit.kernels.kernelspecs import read_notebook
from nbkit.kernels.parameters import declared_parameters
from nbkit.tasks.places import find_notebook

if TYPE_CHECKING:
    from pathlib import Path

_WIDGET = re.compile(
    r"""(?:widgets\s*\.\s*\w+|getArgument)\s*\(\s*(?:name\s*=\s*)?(["'])(?P<name>.+?)\1"""
    r"""|\bCREATE\s+WIDGET\s+(?:TEXT|DROPDOWN|COMBOBOX|MULTISELECT)\s+`?(?P<sql>[\w.-]+)""",
    re.IGNORECASE,
)
_IN_SQL = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)|\{\{\s*([\w.-]+)\s*\}\}|\$\{?([A-Za-z_]\w*)")
_RUN = re.compile(r"""^\s*%run\s+["']?([^\s"']+)""", re.MULTILINE)
_SQL_CELL = re.compile(r"\s*%%?sql\b")


def asked_by_notebook(path: Path) -> set[str]:
    """Return the names in a notebook's parameters cell, of its widgets, and of SQL's markers.

    Those of notebooks that it runs inline (`%run`) are among them.
    """
    found: set[str] = set()
    for here in with_inline(path):
        notebook = read_notebook(here)
        found |= set(declared_parameters(notebook))
        for cell in notebook.cells:
            if cell.cell_type == "code":
                found |= widgets_in(cell.source)
                found |= asked_by_sql(cell.source) if _SQL_CELL.match(cell.source) else set()
    return found


def with_inline(path: Path) -> list[Path]:
    """Return a notebook and those that it runs inline (`%run`), and they, each once."""
    seen: list[Path] = []
    waiting = [path]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.append(here)
        for cell in read_notebook(here).cells:
            if cell.cell_type == "code":
                inline = (find_notebook(here.parent, name) for name in _RUN.findall(cell.source))
                waiting += [other for other in inline if other is not None]
    return seen


def asked_by_sql(text: str) -> set[str]:
    """Return the names of the markers in SQL: `:name`, `{{name}}` and `${name}`."""
    return {name for names in _IN_SQL.findall(text) for name in names if name}


def widgets_in(code: str) -> set[str]:
    """Return the names of the widgets that a cell makes or reads."""
    return {match["name"] or match["sql"] for match in _WIDGET.finditer(code)}
