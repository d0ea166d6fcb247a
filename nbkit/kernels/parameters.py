"""Types the parameters of a job, which are text, as a notebook's parameters cell declares them."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any

from nbkit.errors import Failure
from nbkit.kernels.kernelspecs import language
from nbkit.kernels.outcome import NotebookFailed, head
from nbkit.parameters_cell import TAG, declarations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbformat import NotebookNode

_TRUTHS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}


def typed_parameters(notebook: NotebookNode, given: Mapping[str, str]) -> dict[str, Any]:
    """Return the given parameters that the notebook declares, each of the declared type.

    A notebook without a parameters cell declares none: its widgets answer with the text.

    Raises:
        NotebookFailed: a value cannot be what its parameter is declared to be.
    """
    index = _parameters_cell(notebook)
    if index is None or not given:
        return {}
    cell = notebook.cells[index]
    declared = declared_parameters(notebook)
    typed: dict[str, Any] = {}
    for name, text in given.items():
        if name not in declared:
            continue
        try:
            typed[name] = convert(text, declared[name])
        except (ValueError, SyntaxError):
            wanted = declared[name]
            raise NotebookFailed(
                Failure(
                    "cell_error",
                    f"Parameter {name!r} is declared as {wanted}, but {text!r} is not one",
                    error="ValueError",
                    cell=index,
                    source=head(cell.source),
                )
            ) from None
    return typed


def declared_parameters(notebook: NotebookNode) -> dict[str, str]:
    """Return the type of each parameter that the notebook's parameters cell declares."""
    index = _parameters_cell(notebook)
    return {} if index is None else _declared(notebook.cells[index], language(notebook))


def _parameters_cell(notebook: NotebookNode) -> int | None:
    tags = (cell.metadata.get("tags") or () for cell in notebook.cells)
    return next((index for index, found in enumerate(tags) if TAG in found), None)


def convert(text: str, kind: str) -> Any:
    """Return text as a value of a declared type; an unknown type leaves it as it is.

    Raises:
        ValueError, SyntaxError: the text is no such value.
    """
    kind, optional = kind.removesuffix("?"), kind.endswith("?")
    if optional and kind != "str" and text.strip() in {"", "None", "null"}:
        return None
    if kind == "bool":
        if text.strip().lower() not in _TRUTHS:
            raise ValueError(text)
        return _TRUTHS[text.strip().lower()]
    if kind in {"int", "float"}:
        return int(text) if kind == "int" else float(text)
    if kind in {"list", "tuple", "dict"}:
        return _collection(text, dict if kind == "dict" else (list, tuple))
    return text


def _collection(text: str, kinds: Any) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        value = ast.literal_eval(text.strip())
    if not isinstance(value, kinds):
        raise ValueError(text)  # noqa: TRY004 - what is wrong is the value of the text
    return list(value) if isinstance(value, tuple) else value


def _declared(cell: NotebookNode, spoken: str) -> dict[str, str]:
    """Return the declared names and types; a question mark after a type allows None."""
    if spoken == "python":
        try:
            return {each.name: each.type for each in declarations(cell.source)}
        except SyntaxError:  # magics, or an error that running the cell will show
            pass
    from papermill.translators import papermill_translators

    try:
        found = papermill_translators.find_translator(None, spoken).inspect(cell)
    except Exception:  # noqa: BLE001 - no translator for the language, or one that cannot inspect
        return {}
    return {p.name: p.inferred_type_name.strip() or _type_of_text(p.default) for p in found}


def _type_of_text(default: str) -> str:
    """Return the type of a default of another language, from what it looks like."""
    if default.lower() in {"true", "false"}:
        return "bool"
    for kind in (int, float):
        try:
            kind(default)
        except ValueError:
            continue
        return kind.__name__
    return ""
