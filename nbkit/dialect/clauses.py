"""In what clause of a statement a token stands: where names are tables', and where columns'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.dialect.tokens import starts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbkit.dialect.tokens import Token

_CLAUSES = frozenset(
    {"SELECT", "FROM", "WHERE", "BY", "ON", "HAVING", "VALUES", "SET", "LIMIT", "QUALIFY", "JOIN"}
)
_FROM_IN_CALLS = frozenset({"EXTRACT", "TRIM", "SUBSTRING", "SUBSTR", "OVERLAY", "POSITION"})
_BEFORE_TABLES = frozenset({"JOIN", "TABLE", "INTO", "STREAM", "OVERWRITE"})
_AT_FIRST = frozenset({"UPDATE", "VACUUM", "OPTIMIZE", "DESCRIBE", "DESC", "RESTORE", "REFRESH"})
_AFTER_FIRST = {
    "DESCRIBE": {"DETAIL", "HISTORY", "EXTENDED", "FORMATTED"},
    "DESC": {"DETAIL", "HISTORY", "EXTENDED", "FORMATTED"},
    "CONVERT": {"DELTA"},
    "CREATE": {"CLONE", "LIKE"},
    "REPLACE": {"CLONE", "LIKE"},
    "SHOW": {"IN", "PARTITIONS", "TBLPROPERTIES"},
    "MERGE": {"USING"},
}
"""Words that a table's name follows in some statements, by the statement's first word."""


def clause(found: Sequence[Token], at: int) -> str:
    """Return the word of the clause that a token stands in, within its own parentheses.

    Args:
        found: of one statement.
        at: the token's place among them.
    """
    return next(
        (found[place].upper for place in _before(found, at) if _is_clause(found, place)), ""
    )


def in_head(found: Sequence[Token], at: int) -> bool:
    """Say whether a token belongs to no query: to what a statement says of a table itself."""
    if found[at].depth != found[0].depth:
        return False
    return not any(
        found[place].upper in {"SELECT", "VALUES"}
        or (found[place].upper == "AS" and not starts(found, place + 1, "OF"))
        for place in range(at)
        if found[place].depth == found[0].depth
    )


def names_table(found: Sequence[Token], at: int) -> bool:
    """Say whether a name that begins at a place is a table's, and not a column's.

    Args:
        found: of one statement.
        at: the place of the name's first token.
    """
    if not at:
        return False
    before = found[at - 1].upper
    if decide := _DECIDES.get(before):
        return decide(found, at)
    if before in _AT_FIRST:
        return at == 1
    if before in _AFTER_FIRST.get(found[0].upper, ()):
        return in_head(found, at - 1)
    return before in _BEFORE_TABLES


def _before(found: Sequence[Token], at: int) -> list[int]:
    """Return the places before a token in the same parentheses, the nearest first."""
    depth = found[at].depth
    places = []
    for place in range(at - 1, -1, -1):
        if found[place].depth < depth:
            break
        if found[place].depth == depth and found[place].upper != "(":
            places.append(place)
    return places


def _is_clause(found: Sequence[Token], at: int) -> bool:
    word = found[at].upper
    if word not in _CLAUSES or starts(found, at - 1, "."):
        return False
    return word != "FROM" or not _is_part_of_expression(found, at)


def _is_part_of_expression(found: Sequence[Token], at: int) -> bool:
    """Say whether a `FROM` is that of `IS DISTINCT FROM`, or of `trim(BOTH 'x' FROM y)`."""
    if starts(found, at - 1, "DISTINCT") and (
        starts(found, at - 2, "IS") or starts(found, at - 3, "IS", "NOT")
    ):
        return True
    before = _before(found, at)
    if any(found[place].upper == "SELECT" for place in before):
        return False
    opening = (before[-1] if before else at) - 1
    return opening > 0 and found[opening - 1].upper in _FROM_IN_CALLS


def _lists_tables(found: Sequence[Token], at: int) -> bool:
    """Say whether what follows a comma is one more table of a `FROM`."""
    words = [found[place].upper for place in _before(found, at) if _is_clause(found, place)]
    if words[:2] == ["ON", "JOIN"]:
        return True
    return words[:1] in (["FROM"], ["JOIN"])


_DECIDES: dict[str, Callable[[Sequence[Token], int], bool]] = {
    "FROM": lambda found, at: not _is_part_of_expression(found, at - 1),
    ",": _lists_tables,
    "(": lambda found, at: names_table(found, at - 1) or starts(found, at - 2, "STREAM"),
    "EXISTS": lambda found, at: starts(found, at - 2, "IF") or starts(found, at - 3, "IF", "NOT"),
}
"""Words and marks that a table's name follows sometimes, and when."""
