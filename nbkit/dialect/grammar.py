"""Shapes of statements, matched on tokens.

A shape is a line of grammar as manuals write it:

    CREATE [OR REPLACE] (TABLE|VIEW) <table:name> '(' …

Words are keywords, `[ ]` may be left out, `( | )` is one of several, `'…'` a mark, and `<what>` or
`<called:what>` a part that is kept: a `name` of one or more parts, one `part` of it, a `text`
(also in several pieces), a `word`, a `number`, or a list in parentheses, `list`. `{called … }`
keeps all that is in it.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbkit.dialect.tokens import Token, closing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Captured = tuple[tuple[str, int, int], ...]
    Ends = Iterator[tuple[int, Captured]]

_PIECES = re.compile(r"<(?:(\w+):)?(\w+)>|'([^']+)'|\{(\w+)|([\[\]()|}])|(\w+)")
_NAMES = frozenset({"word", "name"})


@dataclass(frozen=True, slots=True)
class Found:
    """A statement that has a shape.

    Attributes:
        tokens: of the statement.
        end: the place of the first token after the shape.
        parts: from where to where each kept part reaches, by its name.
    """

    tokens: Sequence[Token]
    end: int
    parts: dict[str, tuple[int, int]]

    def __contains__(self, part: str) -> bool:
        return part in self.parts

    def of(self, part: str) -> Sequence[Token]:
        """Return the tokens of a kept part; none if it was left out."""
        begin, end = self.parts.get(part, (0, 0))
        return self.tokens[begin:end]

    def value(self, part: str) -> str:
        """Return what a kept part stands for, without quotes; empty if it was left out."""
        return "".join(token.value for token in self.of(part))

    def span(self, part: str) -> tuple[int, int]:
        """Return from where to where a kept part reaches in the text."""
        kept = self.of(part)
        return kept[0].start, kept[-1].end

    @property
    def is_all(self) -> bool:
        """Whether the statement has nothing after the shape."""
        return all(token.upper == ";" for token in self.tokens[self.end :])


def matched(shape: str, found: Sequence[Token], at: int = 0) -> Found | None:
    """Return what of a statement is of a shape, from a token on; None if it is of another."""
    for end, captured in _sequence(_parsed(shape), found, at, ()):
        return Found(found, end, {name: (begin, stop) for name, begin, stop in captured})
    return None


def name_parts(found: Sequence[Token]) -> list[str]:
    """Return the parts of a name, without back-ticks; a hyphen is in a part."""
    parts = [""]
    for token in found:
        if token.upper == ".":
            parts.append("")
        else:
            parts[-1] += token.value
    return parts


@dataclass(frozen=True, slots=True)
class _Word:
    text: str


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Choice:
    options: tuple[tuple[_Node, ...], ...]
    name: str = ""


_Node = _Word | _Part | _Choice


@functools.cache
def _parsed(shape: str) -> tuple[_Node, ...]:
    pieces = iter(_PIECES.findall(shape))
    return _group(pieces)[0]


def _group(pieces: Iterator[tuple[str, ...]]) -> tuple[tuple[_Node, ...], ...]:
    options: list[list[_Node]] = [[]]
    for name, kind, mark, called, sign, word in pieces:
        if sign and sign in "])}":
            break
        if sign == "|":
            options.append([])
        elif called:
            options[-1].append(_Choice(_group(pieces), called))
        elif sign == "(":
            options[-1].append(_Choice(_group(pieces)))
        elif sign == "[":
            options[-1].append(_Choice((*_group(pieces), ())))
        elif kind:
            options[-1].append(_Part(name or kind, kind))
        else:
            options[-1].append(_Word((mark or word).upper()))
    return tuple(map(tuple, options))


def _sequence(
    nodes: tuple[_Node, ...], found: Sequence[Token], at: int, captured: Captured
) -> Ends:
    if not nodes:
        yield at, captured
        return
    first, rest = nodes[0], nodes[1:]
    for end, kept in _one(first, found, at, captured):
        yield from _sequence(rest, found, end, kept)


def _one(node: _Node, found: Sequence[Token], at: int, captured: Captured) -> Ends:
    if isinstance(node, _Choice):
        for option in node.options:
            for end, kept in _sequence(option, found, at, captured):
                yield end, (*kept, (node.name, at, end)) if node.name and end > at else kept
    elif isinstance(node, _Word):
        if at < len(found) and found[at].upper == node.text:
            yield at + 1, captured
    else:
        end = _end_of_part(node.kind, found, at)
        if end > at:
            yield end, (*captured, (node.name, at, end))


def _end_of_part(kind: str, found: Sequence[Token], at: int) -> int:
    if at >= len(found):
        return at
    if kind == "text":
        while at < len(found) and found[at].kind == "text":
            at += 1
        return at
    if kind == "list":
        return closing(found, at) + 1 if found[at].upper == "(" else at
    if kind in {"word", "number"}:
        return at + (found[at].kind == kind)
    end = end_of_name_part(found, at)
    while kind == "name" and end > at and end < len(found) and found[end].upper == ".":
        following = end_of_name_part(found, end + 1)
        if following == end + 1:
            break
        end = following
    return end


def end_of_name_part(found: Sequence[Token], at: int) -> int:
    """Return the place after one part of a name; `at` if there is none.

    Names with hyphens (`dev-2`) are written without back-ticks too.
    """
    if at >= len(found) or found[at].kind not in _NAMES:
        return at
    end = at + 1
    while (
        end + 1 < len(found)
        and found[end].upper == "-"
        and found[end + 1].kind in {"word", "number"}
        and found[end - 1].end == found[end].start
        and found[end].end == found[end + 1].start
    ):
        end += 2
    return end
