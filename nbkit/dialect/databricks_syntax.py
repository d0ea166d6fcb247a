"""SQL that Databricks' parser knows and Spark's does not, in Spark's words."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from nbkit.dialect.clauses import in_head, names_table
from nbkit.dialect.grammar import matched
from nbkit.dialect.splitter import inner_statements
from nbkit.dialect.tokens import Edit, closing, edited, starts, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbkit.dialect.tokens import Token

_VERSION = re.compile(r"v(\d+)", re.IGNORECASE)
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})")
_CREATES = frozenset({"CREATE", "REPLACE"})


def in_sparks_words(statement: str) -> str:
    """Return a statement with `t@v1`, `t@20130101…` and `CLUSTER BY AUTO` as Spark has them.

    Nothing chooses columns to cluster by here, so that clause is left out.
    """
    edits: list[Edit] = []
    for found in inner_statements(tokens(statement)):
        edits += _versions(found)
        edits += _chosen_clusters(found)
    return edited(statement, edits)


def without_keys(statement: str) -> str:
    """Return a `CREATE TABLE` without primary and foreign keys, of columns and of the table."""
    edits = (edit for found in inner_statements(tokens(statement)) for edit in _keys(found))
    return edited(statement, edits)


def immediate(statement: str) -> tuple[int, int, bool] | None:
    """Return where the expression of `EXECUTE IMMEDIATE` is, and whether nothing follows it.

    What it makes may be a statement that Spark does not know, which only its own text tells.
    """
    found = tokens(statement)
    if not starts(found, 0, "EXECUTE", "IMMEDIATE"):
        return None
    end = next(
        (at for at, t in enumerate(found) if t.depth == 0 and t.upper in {"INTO", "USING", ";"}),
        len(found),
    )
    if end <= 2:  # noqa: PLR2004 - nothing after the two words
        return None
    alone = all(token.upper == ";" for token in found[end:])
    return found[2].start, found[end - 1].end, alone


def _versions(found: Sequence[Token]) -> Iterator[Edit]:
    for at, token in enumerate(found):
        if token.upper != "@" or not at or at + 1 >= len(found):
            continue
        version, last = found[at + 1], found[at - 1]
        if last.end != token.start or token.end != version.start:
            continue
        begin = at - 1
        while begin > 1 and found[begin - 1].upper == ".":
            begin -= 2
        if last.kind not in {"word", "name"} or not names_table(found, begin):
            continue
        if number := _VERSION.fullmatch(version.text):
            yield Edit(token.start, version.end, f" VERSION AS OF {number[1]}")
        elif time := _TIME.fullmatch(version.text):
            said = time.expand(r"\1-\2-\3 \4:\5:\6.\7")
            yield Edit(token.start, version.end, f" TIMESTAMP AS OF '{said}'")


def _chosen_clusters(found: Sequence[Token]) -> Iterator[Edit]:
    if not found or found[0].upper not in _CREATES:
        return
    for at in range(len(found) - 2):
        if starts(found, at, "CLUSTER", "BY", "AUTO") and in_head(found, at):
            yield Edit(found[at].start, found[at + 2].end, "")


def _keys(found: Sequence[Token]) -> Iterator[Edit]:
    shape = "(CREATE [OR REPLACE]|REPLACE) [EXTERNAL] TABLE [IF NOT EXISTS] <name> <columns:list>"
    made = matched(shape, found)
    if made is None:
        return
    begin, end = made.parts["columns"]
    inside = range(begin + 1, end - 1)
    depth = found[begin].depth + 1
    commas = [at for at in inside if found[at].upper == "," and found[at].depth == depth]
    bounds = [begin, *commas, end - 1]
    kept = False
    for start, stop in pairwise(bounds):
        item = found[start + 1 : stop]
        if _is_key(item):
            # The comma goes with it: the one before, or for a first one the one after.
            whole = (start, stop - 1) if kept else (start + 1, stop if stop < end - 1 else stop - 1)
            yield Edit(_end_before(found, whole[0]), found[whole[1]].end, "")
        else:
            kept = True
            yield from _of_column(found, start + 1, stop)


def _end_before(found: Sequence[Token], at: int) -> int:
    """Return where what precedes a token ends, white space not among it; not for a comma."""
    return found[at].start if found[at].upper == "," else found[at - 1].end


def _is_key(item: Sequence[Token]) -> bool:
    shape = "[CONSTRAINT <part>] (PRIMARY|FOREIGN) KEY '('"
    return matched(shape, item) is not None


_OF_COLUMN = (
    "[CONSTRAINT <part>] PRIMARY KEY",
    "[CONSTRAINT <part>] [FOREIGN KEY] REFERENCES <name> [<list>]",
)
_SAYS_MORE = (
    "(NOT ENFORCED|RELY|NORELY|DEFERRABLE|INITIALLY DEFERRED|MATCH FULL"
    "|ON UPDATE NO ACTION|ON DELETE NO ACTION)"
)


def _of_column(found: Sequence[Token], begin: int, end: int) -> Iterator[Edit]:
    at = begin + 1
    while at < end:
        if found[at].depth == found[begin].depth:
            key = next(filter(None, (matched(each, found, at) for each in _OF_COLUMN)), None)
            if key is not None:
                after = key.end
                while more := matched(_SAYS_MORE, found, after):
                    after = more.end
                yield Edit(found[at - 1].end, found[after - 1].end, "")
                at = after
                continue
        at = closing(found, at) if found[at].upper == "(" else at
        at += 1
