"""Parameters that papermill by itself put into the notebook, for widgets to answer with.

Runs of nbkit's tell their kernels the parameters; no cell is looked at then. Papermill with another
engine tags the cell that it adds, but sends the kernel only its text: it is known by being just
what papermill writes, letter by letter. An author's cell with that comment is the author's.
"""

from __future__ import annotations

import ast
import json
import typing

from nbkit import serving as attempt
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
    if attempt.current() is not None or person.is_there():
        return
    if info.raw_cell.startswith(FIRST_LINE) and _is_papermills(info.raw_cell):
        _given.update(assigned(info.raw_cell))


def _is_papermills(source: str) -> bool:
    """Say whether a cell is spelled as papermill spells parameters."""
    try:
        statements = ast.parse(source).body
        lines = [
            f"{ast.unparse(each.targets[0])} = {_spelled(ast.literal_eval(each.value))}"
            for each in statements
            if isinstance(each, ast.Assign)
        ]
    except (SyntaxError, ValueError):
        return False
    return len(lines) == len(statements) and source.strip() == "\n".join(
        [FIRST_LINE.strip(), *lines]
    )


def _spelled(value: typing.Any) -> str:
    if isinstance(value, str):
        return '"' + value.encode("unicode_escape").decode().replace('"', '\\"') + '"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_spelled(k)}: {_spelled(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_spelled, value)) + "]"
    return str(value)


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
