"""Parameters that papermill put into the notebook, for widgets to answer with."""

from __future__ import annotations

import ast
import json
import typing

from nbkit.toolkit import person

if typing.TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

FIRST_LINE = "# Parameters\n"
"""How the cell begins that papermill adds, unless it is told otherwise."""

_given: dict[str, str] = {}


def register(shell: InteractiveShell) -> None:
    """Watch the cells of a notebook for papermill's."""
    shell.events.register("pre_run_cell", _look)


def parameters() -> dict[str, str]:
    """Return the parameters that papermill gave, as text; none while a person works here."""
    return dict(_given)


def _look(info: ExecutionInfo) -> None:
    if info.raw_cell.startswith(FIRST_LINE) and not person.is_there():
        _given.update(assigned(info.raw_cell))


def assigned(source: str) -> dict[str, str]:
    """Return the literal values that a cell assigns to names, as text."""
    found: dict[str, str] = {}
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return found
    for statement in statements:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            try:
                value = ast.literal_eval(statement.value)
            except ValueError:
                continue
            found[statement.targets[0].id] = _text(value)
    return found


def _text(value: typing.Any) -> str:
    return json.dumps(value) if isinstance(value, (list, dict)) else str(value)
