"""Databricks' paths in SQL, where its grammar has a path and nowhere else.

A text in an expression, a comment or a table's properties is never one, whatever it looks like.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbkit.dialect import paths
from nbkit.dialect.clauses import in_head, names_table
from nbkit.dialect.grammar import matched
from nbkit.dialect.splitter import inner_statements
from nbkit.dialect.sql_text import literal
from nbkit.dialect.tokens import Edit, closing, edited, split, starts, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbkit.dialect.tokens import Token

FORMATS = frozenset(
    {"avro", "binaryfile", "csv", "delta", "json", "orc", "parquet", "text", "xml", "iceberg"}
)
OPTION = re.compile(r"path|.*(path|location|dir)", re.IGNORECASE)
"""Options whose value is a path."""
_FROM = tokens("FROM")


def path_edits(text: str) -> list[Edit]:
    """Return what has to change for Spark to find the paths in a statement or a script."""
    if "/" not in text:
        return []
    return [
        edit for each in inner_statements(tokens(text)) for edit in _of_statement(_explained(each))
    ]


def _explained(found: Sequence[Token]) -> Sequence[Token]:
    """Return the statement that `EXPLAIN` is about."""
    shape = "EXPLAIN [LOGICAL|FORMATTED|EXTENDED|CODEGEN|COST]"
    explains = matched(shape, found)
    return found[explains.end :] if explains else found


def _of_statement(found: Sequence[Token]) -> Iterator[Edit]:
    for at, token in enumerate(found):
        if token.kind == "text" and starts(found, at - 2, "TABLE_CHANGES", "("):
            yield from _of_named_table(found, at)
        elif token.kind == "text" and _is_path(found, at):
            local = starts(found, at - 2, "LOCAL")
            yield from _changed_text(found, at, _on_disk if local else paths.spark_path)
        elif token.kind == "name" and _is_table_of_files(found, at):
            yield from _changed_name(token)
        elif token.upper == "(" and starts(found, at - 1, "OPTIONS") and in_head(found, at):
            yield from _of_options(found[at + 1 : closing(found, at)])


def _is_path(found: Sequence[Token], at: int) -> bool:
    """Say whether a text is a path by the word before it."""
    before, first = found[at - 1].upper if at else "", found[0].upper
    if before == "LOCATION":
        return first in {"CREATE", "REPLACE", "ALTER"} and in_head(found, at)
    if before == "DIRECTORY":
        place = at - 2 - starts(found, at - 2, "LOCAL")
        return starts(found, place, "OVERWRITE")
    if before == "INPATH":
        return first == "LOAD"
    if before == "(":
        return starts(found, at - 2, "TABLE_CHANGES_BY_PATH")
    if before in {"VACUUM", "OPTIMIZE", "REFRESH"}:
        return at == 1
    return before in {"HISTORY", "DETAIL"} and at == 2 and first in {"DESCRIBE", "DESC"}  # noqa: PLR2004


def _is_table_of_files(found: Sequence[Token], at: int) -> bool:
    """Say whether a name is the path of ``json.`/x` ``."""
    of_format = at > 1 and starts(found, at - 1, ".") and found[at - 2].kind in {"word", "name"}
    if not of_format or found[at - 2].value.lower() not in FORMATS or starts(found, at + 1, "."):
        return False
    return names_table(found, at - 2)


def _of_named_table(found: Sequence[Token], at: int) -> Iterator[Edit]:
    """Find the path in the text of a table's name, such as ``'delta.`/x`'``."""
    said = found[at].value
    inner = tokens(said)
    edits = [
        edit
        for n, token in enumerate(inner)
        if n == len(inner) - 1
        and token.kind == "name"
        and _is_table_of_files([*_FROM, *inner], n + 1)
        for edit in _changed_name(token)
    ]
    if edits:
        yield Edit(found[at].start, found[at].end, literal(edited(said, edits)))


def _of_options(inner: Sequence[Token]) -> Iterator[Edit]:
    """Find paths in `(key value, 'key' = 'value', …)`."""
    for pair in split(inner, inner[0].depth) if inner else ():
        value = next((n for n in range(1, len(pair)) if pair[n].kind == "text"), None)
        if value is None:
            continue
        key = "".join(token.value for token in pair[:value] if token.upper not in {"=", "=="})
        if OPTION.fullmatch(key):
            yield from _changed_text(pair, value, paths.spark_path)


def _changed_text(found: Sequence[Token], at: int, change: Callable[[str], str]) -> Iterator[Edit]:
    """Change a path in a text; of one that is in several pieces the first, if that is enough."""
    end = at
    while end < len(found) and found[end].kind == "text":
        end += 1
    said = "".join(token.value for token in found[at:end])
    new = change(said) if said.startswith("/") else said
    if new == said:
        return
    first = found[at]
    opening = first.start + (2 if first.text[0] in "rR" else 1)
    written = first.text[opening - first.start : -1]
    yield _smallest(opening, written, said, new) or Edit(
        first.start, found[end - 1].end, literal(new)
    )


def _changed_name(token: Token) -> Iterator[Edit]:
    said = token.value
    new = paths.spark_path(said) if said.startswith("/") else said
    if new != said:
        yield _smallest(token.start + 1, token.text[1:-1], said, new) or Edit(
            token.start, token.end, "`" + new.replace("`", "``") + "`"
        )


def _smallest(start: int, written: str, said: str, new: str) -> Edit | None:
    """Return a change of nothing but the beginning; None if that is not written as it reads."""
    same = 0
    while same < min(len(said), len(new)) and said[-1 - same] == new[-1 - same]:
        same += 1
    head, new_head = said[: len(said) - same], new[: len(new) - same]
    plain = written.startswith(head) and not re.search(r"""['"`\\]""", head + new_head)
    return Edit(start, start + len(head), new_head) if plain else None


def _on_disk(path: str) -> str:
    """Return the file of this machine, for what reads only those."""
    place = paths.of(path)
    return place.local.as_posix() if place.local else path
