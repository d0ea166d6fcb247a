"""`IDENTIFIER(:table)` in a query: the name that a parameter gives is written where it stands.

Spark knows such a name only when it binds the parameters, which is too late to find a dataset.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbkit.dialect.clauses import names_table
from nbkit.dialect.grammar import matched
from nbkit.dialect.parameters import markers
from nbkit.dialect.tokens import Edit, edited, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbkit.dialect.sql_call import GoOn, SqlCall
    from nbkit.dialect.tokens import Token


def with_names(call: SqlCall, go_on: GoOn) -> SqlCall:
    """Return a call with the names of its tables in the text; other `IDENTIFIER(…)` stay.

    Args:
        call: it.
        go_on: asks Spark, for a name that is put together.
    """
    found = tokens(call.text)
    edits: list[Edit] = []
    used: set[int] = set()
    for at in range(len(found)):
        clause = matched("IDENTIFIER <list>", found, at)
        if clause is None or not names_table(found, at):
            continue
        inner = clause.of("list")[1:-1]
        before = sum(1 for marker in markers(found[:at]) if not marker.name)
        count = sum(1 for marker in markers(inner) if not marker.name)
        places = range(before, before + count)
        name = _name(call, inner, places, go_on)
        if name and _is_name(name):
            used |= set(places)
            edits.append(Edit(found[at].start, found[clause.end - 1].end, name))
    if not edits:
        return call
    args = call.args
    if used and isinstance(args, list):
        args = [value for place, value in enumerate(args) if place not in used]
    return replace(call, text=edited(call.text, edits), args=args)


def _name(call: SqlCall, inner: Sequence[Token], places: range, go_on: GoOn) -> str | None:
    """Return the name that an expression makes; one marker or a text needs no Spark."""
    given = list(markers(inner))
    only = len(given) == 1 and given[0].start == inner[0].start and given[0].end == inner[-1].end
    values = _values(call.args, places)
    value: Any = None
    if only:
        value = values.get(given[0].name or places.start)
    elif inner and all(token.kind == "text" for token in inner):
        value = "".join(token.value for token in inner)
    if isinstance(value, str):
        return value
    args = call.args
    if isinstance(args, list):
        args = [args[place] for place in places if place < len(args)]
    text = call.text[inner[0].start : inner[-1].end]
    row = go_on(replace(call, text=f"SELECT {text}", args=args)).first()
    return row[0] if row and isinstance(row[0], str) else None


def _values(args: Any, places: range) -> Mapping[str | int, Any]:
    if isinstance(args, dict):
        return args
    return {place: args[place] for place in places if args and place < len(args)}


def _is_name(text: str) -> bool:
    """Say whether a text is a name and nothing else: data never becomes code."""
    said = matched("<name>", tokens(text))
    return said is not None and said.end == len(tokens(text))
