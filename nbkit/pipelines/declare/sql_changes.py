"""`AUTO CDC INTO …`, also as `APPLY CHANGES INTO …`: its clauses, as declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.dialect.tokens import closing, split, starts
from nbkit.errors import UsageError
from nbkit.pipelines.declare.declarations import Changes
from nbkit.pipelines.declare.snapshot_query import SnapshotQuery

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import DataFrame

    from nbkit.dialect.tokens import Token

    Query = Callable[[], DataFrame]
    MakesQuery = Callable[..., Query]

_HEADS: tuple[tuple[str, ...], ...] = (
    ("FROM", "SNAPSHOT"),
    ("WITH", "VERSION"),
    ("FROM",),
    ("KEYS",),
    ("IGNORE", "NULL", "UPDATES"),
    ("APPLY", "AS", "DELETE", "WHEN"),
    ("APPLY", "AS", "TRUNCATE", "WHEN"),
    ("SYSTEM", "SEQUENCE", "BY"),
    ("SEQUENCE", "BY"),
    ("COLUMNS", "TO", "UPDATE"),
    ("COLUMNS",),
    ("STORED", "AS", "SCD", "TYPE"),
    ("STORED", "AS"),
    ("TRACK", "HISTORY", "ON"),
)


_OF_SNAPSHOTS = {
    "FROM SNAPSHOT",
    "WITH VERSION",
    "KEYS",
    "STORED AS SCD TYPE",
    "STORED AS",
    "TRACK HISTORY ON",
}
_UNKNOWN = ("SYSTEM SEQUENCE BY", "COLUMNS TO UPDATE")


def read_changes(found: list[Token], text: str, query: MakesQuery) -> Changes:
    """Read the clauses from `FROM` on.

    Args:
        found: tokens of the statement, beginning with `FROM`.
        text: that the tokens were made of.
        query: makes a query of its text, and of what stands before that; a source that is more
            than a name is one.

    Raises:
        UsageError: a clause is missing or does not make sense.
    """
    clauses = _clauses(found)
    unknown = next((name for name in _UNKNOWN if name in clauses), None)
    if unknown is not None:
        raise UsageError(f"nbkit's AUTO CDC does not know {unknown}")
    snapshots = "FROM SNAPSHOT" in clauses
    if snapshots:
        source: Any = _snapshot(clauses, text, query)
    else:
        source = _source(clauses.get("FROM", []), text, query)
    keys = _names(clauses.get("KEYS", []))
    sequence = _text(clauses.get("SEQUENCE BY", []), text)
    columns, others = _columns(clauses.get("COLUMNS", []))
    nulls, other_nulls = _columns(clauses.get("IGNORE NULL UPDATES", [])[1:])
    history, other_history = _columns(clauses.get("TRACK HISTORY ON", []))
    kind = clauses.get("STORED AS SCD TYPE") or clauses.get("STORED AS")
    scd = kind[0].text.upper().removeprefix("SCD_TYPE_") if kind else "1"
    if scd not in {"1", "2"}:
        raise UsageError(f"STORED AS SCD TYPE is 1 or 2, not {scd}")
    return Changes(
        source,
        keys,
        sequence or None,
        1 if scd == "1" else 2,
        _text(clauses.get("APPLY AS DELETE WHEN", []), text) or None,
        _text(clauses.get("APPLY AS TRUNCATE WHEN", []), text) or None,
        columns,
        others,
        history,
        other_history,
        "IGNORE NULL UPDATES" in clauses,
        nulls,
        other_nulls,
        snapshots=snapshots,
    )


def _snapshot(clauses: dict[str, list[Token]], text: str, query: MakesQuery) -> SnapshotQuery | str:
    """Read `FROM SNAPSHOT (query) [WITH VERSION (query)]`, or the name of a table.

    Raises:
        UsageError: it says something that snapshots do not have.
    """
    more = next((name for name in clauses if name and name not in _OF_SNAPSHOTS), None)
    if more is not None:
        raise UsageError(f"AUTO CDC FROM SNAPSHOT has no {more}")
    of, version = clauses["FROM SNAPSHOT"], clauses.get("WITH VERSION")
    if not of or (version is not None and (not version or version[0].text != "(")):
        raise UsageError("write FROM SNAPSHOT (query) WITH VERSION (query)")
    if of[0].text != "(":
        if version is None:
            return _named(of, text)
        rows = query(f"TABLE {_text(of, text)}")
    else:
        rows = query(_inside(of, text))
    return SnapshotQuery(rows, None if version is None else query(_inside(version, text)))


def _inside(found: list[Token], text: str) -> str:
    """Return what stands between parentheses."""
    end = closing(found, 0)
    if end != len(found) - 1:
        raise UsageError(f"after {text[found[0].start : found[end].end]} comes something else")
    return text[found[0].end : found[end].start].strip()


def _clauses(found: list[Token]) -> dict[str, list[Token]]:
    clauses: dict[str, list[Token]] = {}
    at, name = 0, ""
    while at < len(found):
        head = next((each for each in _HEADS if _is_head(found, at, each)), None)
        if name and head and head[0] == "FROM":
            head = None  # as in `IS DISTINCT FROM`
        if head is None:
            clauses.setdefault(name, []).append(found[at])
            at += 1
        else:
            name = " ".join(head)
            clauses[name] = []
            at += len(head)
    return clauses


def _is_head(found: list[Token], at: int, head: tuple[str, ...]) -> bool:
    """Say whether a clause begins: a table, or a column of a query, may be called as one."""
    if found[at].depth or not starts(found, at, *head):
        return False
    after = at + len(head)
    if head == ("FROM", "SNAPSHOT"):
        return not starts(found, after, ".") and not starts(found, after, "KEYS", "(")
    if head == ("KEYS",):
        return starts(found, after, "(")
    return head != ("COLUMNS",) or starts(found, after, "(") or starts(found, after, "*")


def _source(found: list[Token], text: str, query: MakesQuery) -> str | Query:
    """Return the name of a feed of changes, or a query of anything else that stands after FROM."""
    if not found:
        raise UsageError("AUTO CDC needs FROM source")
    named = _without_stream(found)
    if all(token.kind in {"word", "name", "number"} or token.text == "." for token in named):
        return text[named[0].start : named[-1].end]
    return query(_text(found, text), "SELECT * FROM ")


def _without_stream(found: list[Token]) -> list[Token]:
    """Return what stands in `STREAM x`, `STREAM(x)` or `(x)`."""
    inner = found[1:] if found[0].upper == "STREAM" and len(found) > 1 else found
    if inner[0].text == "(" and closing(inner, 0) == len(inner) - 1 > 1:
        inner = inner[1:-1]
    return inner


def _named(found: list[Token], text: str) -> str:
    named = _without_stream(found)
    return text[named[0].start : named[-1].end]


def _names(found: list[Token]) -> tuple[str, ...]:
    if found and found[0].text == "(":
        found = found[1 : closing(found, 0)]
    parts = split(found, found[0].depth) if found else []
    return tuple("".join(token.text for token in part) for part in parts)


def _columns(found: list[Token]) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Read `(a, b)` or `* EXCEPT (a, b)`."""
    if not found:
        return None, None
    if found[0].text == "*":
        return None, _names(found[2:]) if starts(found, 1, "EXCEPT") else None
    return _names(found), None


def _text(found: list[Token], text: str) -> str:
    return text[found[0].start : found[-1].end] if found else ""
