"""The parameters of a notebook as a form needs them: defaults, kinds of inputs, choices, help."""

from __future__ import annotations

import ast
import os
import typing
from dataclasses import dataclass
from pathlib import Path

from nbkit.parameters_cell import TAG, declarations

if typing.TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.parameters_cell import Declaration

Kind = typing.Literal["bool", "int", "float", "str", "choice", "literal"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One assignment of a parameters cell.

    Attributes:
        name: of the variable.
        kind: what its values are: `choice` is one of `choices`, `literal` any Python literal.
        default: the value in the cell, None where that is no literal.
        help: the comment behind the assignment, or above it.
        choices: of `Literal["a", "b"]` as its type.
    """

    name: str
    kind: Kind
    default: typing.Any
    help: str = ""
    choices: tuple[typing.Any, ...] = ()


def declared(source: str) -> list[Parameter]:
    """Return the parameters with a default that the source of a cell declares, in order."""
    try:
        found = declarations(source)
    except SyntaxError:
        return []
    return [_parameter(each) for each in found if each.default is not None]


def only_declares(source: str) -> bool:
    """Say whether a cell does nothing but assign literals (and import what types need)."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return False
    rest = [node for node in statements if not isinstance(node, (ast.Import, ast.ImportFrom))]
    return bool(rest) and all(
        isinstance(node, (ast.Assign, ast.AnnAssign)) and _literal(node.value)[0] for node in rest
    )


def source_in(file: Path | None, run: Mapping[str, str]) -> str | None:
    """Return the source of a notebook's parameters cell, or None where there is none.

    That is the cell with the tag `parameters` in the notebook's file, as it was run last if it
    was; without such a file, the first cell run that only assigns literals.

    Args:
        file: the notebook.
        run: the sources of the cells that were run, by the front end's names, in order.
    """
    cell = _tagged(file) if file is not None else None
    if cell is not None:
        return run.get(cell[0], cell[1])
    return next((source for source in run.values() if only_declares(source)), None)


def file_of(names: Mapping[str, typing.Any]) -> Path | None:
    """Return the file of the notebook whose names these are, if its front end tells."""
    for told in (names.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")):
        if isinstance(told, str) and told.endswith(".ipynb") and Path(told).is_file():
            return Path(told)
    return None


def _tagged(file: Path) -> tuple[str, str] | None:
    import nbformat

    for cell in nbformat.read(file, as_version=4).cells:
        if cell.cell_type == "code" and TAG in cell.metadata.get("tags", ()):
            return str(cell.get("id", "")), str(cell.source)
    return None


def _parameter(declared: Declaration) -> Parameter:
    default = _literal(declared.default)[1]
    choices = _choices(declared.annotation)
    if choices:
        return Parameter(declared.name, "choice", default, declared.help, choices)
    kinds: dict[str, Kind] = {"bool": "bool", "int": "int", "float": "float", "str": "str"}
    kind = kinds.get(declared.type, "literal")
    if kind == "float" and type(default) is int:
        default = float(default)
    fits = type(default).__name__ == kind
    return Parameter(declared.name, kind if fits else "literal", default, declared.help)


def _literal(value: ast.expr | None) -> tuple[bool, typing.Any]:
    """Return whether an expression is a literal, and its value."""
    try:
        return value is not None, ast.literal_eval(value) if value is not None else None
    except ValueError:
        return False, None


def _choices(note: ast.expr | None) -> tuple[typing.Any, ...]:
    """Return what `Literal[…]` allows."""
    if not isinstance(note, ast.Subscript) or not ast.unparse(note.value).endswith("Literal"):
        return ()
    inner = note.slice.elts if isinstance(note.slice, ast.Tuple) else [note.slice]
    read = [_literal(choice) for choice in inner]
    return tuple(value for _, value in read) if all(known for known, _ in read) else ()
