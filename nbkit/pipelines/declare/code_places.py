"""Where a person's code is, as they know it: a file as seen from here, or a cell by its number."""

from __future__ import annotations

import sys
from pathlib import Path

from nbkit.pipelines.declare.declarations import Place


def place_of(file: str, line: int = 0) -> Place:
    """Return the place of a line of code.

    Args:
        file: as the code names it; of a notebook's cell that is a path that nobody has seen.
        line: from 1; 0 if nobody knows.
    """
    cell = _cell(file)
    return Place(cell or as_seen(Path(file)), line, in_cell=bool(cell))


def as_seen(path: Path) -> str:
    """Return a path as seen from here, if it lies below."""
    here = Path.cwd()
    if path.is_absolute() and path.is_relative_to(here):
        return path.relative_to(here).as_posix()
    return str(path)


def _cell(file: str) -> str:
    """Return `cell [5]` for the code of a cell of this kernel; empty for other code."""
    if "IPython" not in sys.modules:
        return ""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    found = shell.compile.format_code_name(file) if shell else None
    return f"cell {found[1].removeprefix('In')}" if found else ""
