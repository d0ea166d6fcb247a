"""The parameters cell of a notebook: names, declared types and defaults, as its Python text tells.

The runner asks for the types of what it injects, the kernel for a form's inputs.
"""

from __future__ import annotations

import ast
import io
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

TAG = "parameters"
"""The cell's tag, which is papermill's."""

_TYPES = frozenset({"int", "float", "bool", "str", "list", "dict", "tuple"})


@dataclass(frozen=True, slots=True)
class Declaration:
    """One name that a parameters cell declares.

    Attributes:
        name: of the variable.
        type: `int`, `list`, …, whatever its annotation says; a question mark behind it allows
            None. Empty where the text does not tell.
        default: expression of the default; None for an annotation alone.
        annotation: as written, if it is.
        help: the comment behind the declaration, or above it.
    """

    name: str
    type: str
    default: ast.expr | None
    annotation: ast.expr | None = None
    help: str = ""


def declarations(source: str) -> list[Declaration]:
    """Return what the source of a cell declares, the last of each name, in order.

    Raises:
        SyntaxError: it is not Python, or has magics in it.
    """
    comments: dict[int, tuple[str, bool]] | None = None
    found: dict[str, Declaration] = {}
    for statement in ast.parse(source).body:
        for name, type_, default, note in _declared(statement):
            comments = _comments(source) if comments is None else comments
            found[name] = Declaration(name, type_, default, note, _help(statement, comments))
    return list(found.values())


def _declared(
    statement: ast.stmt,
) -> Iterator[tuple[str, str, ast.expr | None, ast.expr | None]]:
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Name):
                yield target.id, _type_of(statement.value), statement.value, None
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        note = statement.annotation
        yield statement.target.id, _annotated(note), statement.value, note


def _annotated(note: ast.expr) -> str:
    if isinstance(note, ast.Constant) and isinstance(note.value, str):
        note = ast.parse(note.value, mode="eval").body
    if isinstance(note, ast.BinOp) and isinstance(note.op, ast.BitOr):
        sides = [_annotated(note.left), _annotated(note.right)]
        kinds = [side for side in sides if side != "None"]
        return f"{kinds[0].removesuffix('?')}?" if len(kinds) == 1 else ""
    if isinstance(note, ast.Subscript):
        outer = _annotated(note.value)
        return f"{_annotated(note.slice).removesuffix('?')}?" if outer == "Optional" else outer
    if isinstance(note, ast.Attribute):
        return note.attr
    return {"List": "list", "Dict": "dict"}.get(name := ast.unparse(note), name)


def _type_of(value: ast.expr) -> str:
    """Return the type of a default, as far as the text of the cell tells."""
    if isinstance(value, ast.Constant):
        return type(value.value).__name__
    if isinstance(value, ast.UnaryOp):
        return "bool" if isinstance(value.op, ast.Not) else _type_of(value.operand)
    if isinstance(value, ast.BinOp):
        sides = {_type_of(value.left), _type_of(value.right)}
        if sides <= {"int", "float"} and isinstance(value.op, ast.Div):
            return "float"
        return "float" if sides == {"int", "float"} else sides.pop() if len(sides) == 1 else ""
    if isinstance(value, ast.Call):
        name = ast.unparse(value.func)
        return name if name in _TYPES else ""
    return {ast.List: "list", ast.Tuple: "tuple", ast.Dict: "dict"}.get(type(value), "")


def _comments(source: str) -> dict[int, tuple[str, bool]]:
    """Return the comments by line: text, and whether the line holds nothing else."""
    found = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            alone = not token.line[: token.start[1]].strip()
            found[token.start[0]] = (token.string.lstrip("#").strip(), alone)
    return found


def _help(statement: ast.stmt, comments: Mapping[int, tuple[str, bool]]) -> str:
    """Return the comment behind a statement, else the lines of comment right above it."""
    last = statement.end_lineno or statement.lineno
    if last in comments and not comments[last][1]:
        return comments[last][0]
    return " ".join(reversed(list(_above(statement.lineno - 1, comments))))


def _above(line: int, comments: Mapping[int, tuple[str, bool]]) -> Iterable[str]:
    while line in comments and comments[line][1]:
        yield comments[line][0]
        line -= 1
