"""`{{name}}` in the statements of a SQL task: a value, bound as Spark's own parameter.

On Databricks such a place becomes the value as a quoted text, so that `{{table}}` behind `FROM` is
a syntax error there too (`IDENTIFIER({{table}})` is the way). Here it becomes the marker `:name`,
which is a text of Spark's without being SQL for a moment; within a text or a name in back-ticks
it becomes characters of that text or name, whatever they are.
"""

from __future__ import annotations

import re
import typing

from nbkit.dialect.sql_text import literal
from nbkit.dialect.tokens import Edit, edited, starts, tokens

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbkit.dialect.tokens import Token

_INSIDE = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")
_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def bound(text: str, value_of: Callable[[str], str]) -> str:
    """Return statements with parameters instead of `{{name}}`.

    Args:
        text: one or more statements, as their author wrote them.
        value_of: returns the value of a parameter; raises for one that is not given.
    """
    found = tokens(text)
    return edited(text, [*_outside(text, found, value_of), *_in_texts(found, value_of)])


def _outside(text: str, found: Sequence[Token], value_of: Callable[[str], str]) -> Iterator[Edit]:
    for at, token in enumerate(found):
        if not starts(found, at, "{", "{"):
            continue
        place = _INSIDE.match(text, token.start)
        if place is not None:
            value_of(place[1])
            name = place[1] if _PLAIN.fullmatch(place[1]) else f"`{place[1]}`"
            yield Edit(place.start(), place.end(), f":{name}")


def _in_texts(found: Sequence[Token], value_of: Callable[[str], str]) -> Iterator[Edit]:
    for token in found:
        if token.kind not in {"text", "name"} or not _INSIDE.search(token.text):
            continue
        if token.text[0] in "rR":  # has no way to say a quote
            said = _INSIDE.sub(lambda place: value_of(place[1]), token.value)
            yield Edit(token.start, token.end, literal(said))
            continue
        quote = token.text[0]

        def characters(place: re.Match[str], quote: str = quote) -> str:
            value = value_of(place[1])
            return value.replace("`", "``") if quote == "`" else _escaped(value, quote)

        yield Edit(token.start, token.end, _INSIDE.sub(characters, token.text))


def _escaped(value: str, quote: str) -> str:
    inside = literal(value)[1:-1]
    return inside if quote == "'" else inside.replace('"', '\\"')
