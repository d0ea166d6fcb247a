"""Markers of parameters in SQL: `:name` and `?`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.dialect.sql_text import literal
from nbkit.dialect.tokens import Edit, edited, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbkit.dialect.tokens import Token

_NAMES = frozenset({"word", "name"})
_OPERANDS = frozenset({"word", "name", "number", "text"})


@dataclass(frozen=True, slots=True)
class Marker:
    """A place in a statement that a value is for.

    Attributes:
        name: of the parameter; empty for `?`.
        start, end: the marker's place in the text.
    """

    name: str
    start: int
    end: int


def markers(found: Sequence[Token]) -> Iterator[Marker]:
    """Yield `:name` and `?` of a statement; `column:path` and labels of scripts are none."""
    for at, token in enumerate(found):
        if token.upper == "?":
            yield Marker("", token.start, token.end)
        if token.upper != ":" or at + 1 >= len(found) or found[at + 1].kind not in _NAMES:
            continue
        touches = at > 0 and found[at - 1].end == token.start
        if token.end == found[at + 1].start and not (touches and _is_operand(found[at - 1])):
            yield Marker(found[at + 1].value, token.start, found[at + 1].end)


def _is_operand(token: Token) -> bool:
    return token.kind in _OPERANDS or token.upper in {")", "]"}


def with_values(text: str, args: Any) -> str | None:
    """Return a statement with literals instead of markers; None if a value has none here.

    Spark takes no parameters in the query of a view and in other statements that are kept;
    Databricks does.

    Args:
        text: one statement.
        args: values by name, or one for each `?`.
    """
    given = list(markers(tokens(text)))
    if isinstance(args, dict):
        values = [args.get(marker.name, _MISSING) for marker in given]
    else:
        values = list(args or ())
    written = [_literal(value) for value in values]
    if not given or len(written) != len(given) or None in written:
        return None
    pairs = zip(given, written, strict=True)
    return edited(text, [Edit(marker.start, marker.end, said or "") for marker, said in pairs])


_MISSING = object()


def _literal(value: Any) -> str | None:
    if isinstance(value, str):
        return literal(value)
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "TRUE", False: "FALSE"}[value]
    return str(value) if isinstance(value, int) else None
