"""Flows in SQL that Spark's parser does not know: `INSERT … BY NAME`, `REPLACE …`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbkit.dialect.tokens import closing, split, starts
from nbkit.errors import UsageError
from nbkit.pipelines.declare.declarations import Replaces

if TYPE_CHECKING:
    from nbkit.dialect.tokens import Token

_QUERIES = {"SELECT", "WITH", "FROM", "TABLE", "VALUES"}


@dataclass(frozen=True, slots=True)
class Insert:
    """What a flow writes into its table, and how.

    Attributes:
        start: where the text of its query begins.
        target: tokens of the table's name; none where it stands elsewhere.
        once: whether it runs once.
        replaces: which rows make room for the new ones; None to append.
    """

    start: int
    target: list[Token]
    once: bool = False
    replaces: Replaces | None = None


def flow_clause(found: list[Token]) -> int | None:
    """Return the place of `FLOW …` in a statement that creates a table, if it has that."""
    kinds = (("AUTO", "CDC"), ("INSERT",), ("REPLACE",), ("IMPORT", "CHECKPOINT"))
    for at, token in enumerate(found):
        if token.depth == 0 and token.upper == "AS":
            return None
        if token.depth == 0 and any(starts(found, at, "FLOW", *kind) for kind in kinds):
            return at
    return None


def read_insert(found: list[Token], text: str) -> Insert:
    """Read `INSERT [ONCE] [INTO t] BY NAME [REPLACE …] query`, or `REPLACE … BY NAME query`.

    Args:
        found: tokens of that.
        text: that the tokens were made of.

    Raises:
        UsageError: it is not written so.
    """
    at, once, target = 0, False, []
    if starts(found, at, "INSERT"):
        at += 1
        while at < len(found) and found[at].upper in {"ONCE", "INTO"}:
            once |= found[at].upper == "ONCE"
            at += 1
        begin = at
        while at < len(found) and not starts(found, at, "BY", "NAME") and not _replaces(found, at):
            at += 1
        target = found[begin:at]
    by_name = starts(found, at, "BY", "NAME")
    at += 2 if by_name else 0
    replaces = None
    if _replaces(found, at):
        replaces, at = _read_replaces(found, at, text)
    if starts(found, at, "BY", "NAME"):
        by_name = True
        at += 2
    if not by_name:
        raise UsageError("a flow writes its columns BY NAME: say so before the query")
    if at >= len(found):
        raise UsageError("a flow needs a query")
    if once and replaces is not None:
        raise UsageError("a flow that replaces rows runs in every update, not ONCE")
    return Insert(found[at].start, target, once, replaces)


def _replaces(found: list[Token], at: int) -> bool:
    return starts(found, at, "REPLACE", "WHERE") or starts(found, at, "REPLACE", "USING")


def _read_replaces(found: list[Token], at: int, text: str) -> tuple[Replaces, int]:
    """Read `REPLACE WHERE condition`, or `REPLACE USING (columns) SEQUENCE BY column`."""
    if starts(found, at, "REPLACE", "WHERE"):
        end = at + 2
        while end < len(found) and not _ends_condition(found, end):
            end += 1
        if end == at + 2:
            raise UsageError("REPLACE WHERE needs a condition")
        return Replaces(where=text[found[at + 2].start : found[end - 1].end]), end
    opening = at + 2
    if opening >= len(found) or found[opening].text != "(":
        raise UsageError("write REPLACE USING (column, …) SEQUENCE BY column")
    end = closing(found, opening)
    inner = found[opening + 1 : end]
    columns = tuple("".join(token.text for token in part) for part in split(inner, inner[0].depth))
    after = end + 1
    if not starts(found, after, "SEQUENCE", "BY") or after + 2 >= len(found):
        raise UsageError("REPLACE USING needs SEQUENCE BY column")
    return Replaces(using=columns, sequence_by=found[after + 2].text), after + 3


def _ends_condition(found: list[Token], at: int) -> bool:
    if found[at].depth:
        return False
    if starts(found, at - 1, "DISTINCT", "FROM"):
        return False
    return starts(found, at, "BY", "NAME") or found[at].upper in _QUERIES
