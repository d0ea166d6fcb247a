"""`column:path.to[0]` of JSON texts, which Databricks reads and Spark knows of variants only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.dialect.clauses import clause
from nbkit.dialect.splitter import inner_statements
from nbkit.dialect.sql_text import literal, quoted_part
from nbkit.dialect.tokens import Edit, closing, edited, starts, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbkit.dialect.tokens import Token

_NAMES = frozenset({"word", "name"})
_TYPES = frozenset({"STRUCT", "MAP", "ARRAY"})
_AFTER_ITEM = frozenset({",", ")", ";", "FROM", "|>"})


def with_json_functions(statement: str) -> str:
    """Return a statement with calls of `get_json_object` instead of such paths.

    A column that is nothing but a path has the name of its last part, as on Databricks.
    """
    edits = (edit for found in inner_statements(tokens(statement)) for edit in _calls(found))
    return edited(statement, edits)


def _calls(found: Sequence[Token]) -> Iterator[Edit]:
    at = 1
    while at < len(found) - 1:
        if found[at - 1].upper in _TYPES and found[at].upper == "<":
            at = _end_of_type(found, at)
        elif found[at].upper == ":" and found[at - 1].kind in _NAMES and _close(found, at):
            begin, end = _column(found, at - 1), _end_of_path(found, at + 1)
            if end > at + 1:
                yield from _call(found, begin, at, end)
                at = end
        at += 1


def _call(found: Sequence[Token], begin: int, colon: int, end: int) -> Iterator[Edit]:
    steps = found[colon + 1 : end]
    yield Edit(found[begin].start, found[begin].start, "get_json_object(")
    path = literal(f"${''.join(_steps(steps))}")
    yield Edit(found[colon].start, found[end - 1].end, f", {path})")
    after = _end_of_cast(found, end)
    name = steps[-2] if steps[-1].upper == "]" else steps[-1]
    if name.kind != "number" and _is_column(found, begin, after):
        place = found[after - 1].end
        yield Edit(place, place, f" AS {quoted_part(name.value)}")


def _close(found: Sequence[Token], at: int) -> bool:
    """Say whether a token touches the one before and the one after it."""
    return found[at - 1].end == found[at].start and found[at].end == found[at + 1].start


def _column(found: Sequence[Token], at: int) -> int:
    while at > 1 and found[at - 1].upper == "." and found[at - 2].kind in _NAMES:
        at -= 2
    return at


def _end_of_path(found: Sequence[Token], at: int) -> int:
    """Return the place after `a.b[0]['c']`."""
    expected = True
    while at < len(found) and found[at - 1].end == found[at].start:
        if found[at].upper == "[":
            close = next((n for n in range(at, len(found)) if found[n].upper == "]"), None)
            if close is None:
                break
            at, expected = close + 1, False
        elif expected and found[at].kind in _NAMES:
            at, expected = at + 1, False
        elif not expected and found[at].upper == "." and _is_name(found, at + 1):
            at, expected = at + 1, True
        else:
            break
    return at


def _is_name(found: Sequence[Token], at: int) -> bool:
    return at < len(found) and found[at].kind in _NAMES


def _steps(found: Sequence[Token]) -> Iterator[str]:
    for token in found:
        if token.kind in {"name", "text"}:
            inside = token.kind == "text"
            yield f"'{token.value}'" if inside else f"['{token.value}']"
        elif token.kind == "word":
            yield f".{token.text}"
        elif token.upper != ".":
            yield token.text


def _end_of_cast(found: Sequence[Token], at: int) -> int:
    """Return the place after `::type` and `::type(1, 2)`; the same place without."""
    if not starts(found, at, "::") or not _is_name(found, at + 1):
        return at
    return closing(found, at + 2) + 1 if starts(found, at + 2, "(") else at + 2


def _end_of_type(found: Sequence[Token], at: int) -> int:
    """Return the place of the mark that closes the one at `at`."""
    depth = 0
    for place in range(at, len(found)):
        depth += {"<": 1, ">": -1}.get(found[place].upper, 0)
        if not depth:
            return place
    return len(found)


def _is_column(found: Sequence[Token], begin: int, end: int) -> bool:
    """Say whether what stands between two places is a whole column of a `SELECT`."""
    if clause(found, begin) != "SELECT":
        return False
    before = found[begin - 1].upper
    begins = before in {"SELECT", ","} or (
        before in {"ALL", "DISTINCT"} and starts(found, begin - 2, "SELECT")
    )
    return begins and (end >= len(found) or found[end].upper in _AFTER_ITEM)
