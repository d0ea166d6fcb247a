"""Read JSON as people write it by hand, and say what JSON does not allow, and where."""

from __future__ import annotations

import json
import re
from typing import Any

from nbkit.graph.syntax import Document, SyntaxProblem, repeated_in

_COMMENT = re.compile(r"\s*(//|/\*|#)")
_CLOSING = re.compile(r"\s*[}\]]")
_PLAIN = {
    "Expecting value": "a value is missing or misspelt",
    "Expecting property name enclosed in double quotes": "a name in double quotes is missing",
    "Expecting ',' delimiter": "a comma or a closing bracket is missing",
    "Expecting ':' delimiter": "a colon is missing after the name",
    "Extra data": "there is more text after the end of the document",
    "Unterminated string starting at": "a string is not closed",
    "Invalid control character at": "line breaks and tabs in strings are written \\n and \\t",
    "Illegal trailing comma before end of object": "trailing commas are not allowed in JSON",
    "Illegal trailing comma before end of array": "trailing commas are not allowed in JSON",
}


def read_json(text: str) -> Document:
    """Read a JSON document.

    Raises:
        SyntaxProblem: it is no JSON; the message has the line and the column.
    """
    repeated: dict[int, list[str]] = {}

    def as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            names = [name for name, _ in pairs]
            repeated[id(made)] = sorted({name for name in names if names.count(name) > 1})
        return made

    try:
        value = json.loads(text, object_pairs_hook=as_object, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise _explained(error) from None
    except RecursionError:
        raise SyntaxProblem("the JSON is nested too deeply") from None
    except ValueError as error:  # a number with thousands of digits, NaN, Infinity
        raise SyntaxProblem(f"not JSON: {error}") from None
    return Document(value, tuple(repeated_in(value, repeated)))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")


def _explained(error: json.JSONDecodeError) -> SyntaxProblem:
    text, position = error.doc, error.pos
    comment = _COMMENT.match(text, position)
    before = text[:position].rstrip()
    if comment:
        return _at("comments are not allowed in JSON", text, comment.start(1))
    if before.endswith(",") and _CLOSING.match(text, position):
        return _at("trailing commas are not allowed in JSON", text, len(before) - 1)
    if text[position:].lstrip().startswith("'"):
        return _at("JSON strings stand in double quotes, not single ones", text, position)
    return _at(_PLAIN.get(error.msg, error.msg), text, position)


def _at(message: str, text: str, position: int) -> SyntaxProblem:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return SyntaxProblem(f"{message} (line {line}, column {column})")
