"""The words of SQL text and where they stand: enough to find clauses, no grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PIECES = re.compile(
    r"""
      (?P<skip>\s+|--[^\n]*|/\*.*?\*/)
    | (?P<text>[rR]?'(?:[^'\\]|\\.|'')*'|[rR]?"(?:[^"\\]|\\.|"")*")
    | (?P<name>`(?:[^`]|``)*`)
    | (?P<word>[^\W\d]\w*|\d[\w.]*)
    | (?P<mark>=>|::|->|.)
    """,
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, quoted name, text or mark of SQL text.

    Attributes:
        kind: `word`, `name`, `text` or `mark`.
        text: as written; words in capitals are `upper`.
        start, end: its place in the text.
        depth: how many parentheses it stands in; a closing one counts as outside.
    """

    kind: str
    text: str
    start: int
    end: int
    depth: int

    @property
    def upper(self) -> str:
        """The word in capitals; nothing for what is no word, so that no keyword matches it."""
        return self.text.upper() if self.kind in {"word", "mark"} else ""


def tokens(text: str) -> list[Token]:
    """Return the tokens of SQL text, comments left out."""
    found: list[Token] = []
    depth = 0
    for piece in _PIECES.finditer(text):
        kind = piece.lastgroup or "mark"
        if kind == "skip":
            continue
        if piece[0] == ")":
            depth = max(0, depth - 1)
        found.append(Token(kind, piece[0], piece.start(), piece.end(), depth))
        if piece[0] == "(":
            depth += 1
    return found


def statements(text: str) -> Iterator[list[Token]]:
    """Yield the tokens of each statement, without the semicolon that ends it."""
    begun: list[Token] = []
    for token in tokens(text):
        if token.text == ";" and token.kind == "mark":
            if begun:
                yield begun
            begun = []
        else:
            begun.append(token)
    if begun:
        yield begun


def starts(found: Sequence[Token], at: int, *words: str) -> bool:
    """Say whether these keywords stand at a place."""
    upper = [token.upper for token in found[at : at + len(words)]]
    return upper == list(words)


def closing(found: Sequence[Token], at: int) -> int:
    """Return the place of the parenthesis that closes the one at `at`; the end without one."""
    depth = found[at].depth
    return next(
        (
            place
            for place in range(at + 1, len(found))
            if found[place].text == ")" and found[place].depth == depth
        ),
        len(found) - 1,
    )


def split(found: Sequence[Token], depth: int) -> list[list[Token]]:
    """Split tokens at the commas of one depth."""
    parts: list[list[Token]] = [[]]
    for token in found:
        if token.text == "," and token.kind == "mark" and token.depth == depth:
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def blanked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return the text with spaces instead of some of it: what is left keeps its place."""
    for start, end in spans:
        gap = re.sub(r"[^\n]", " ", text[start:end])
        text = text[:start] + gap + text[end:]
    return text


def span(found: Sequence[Token]) -> tuple[int, int]:
    """Return from where to where some tokens reach."""
    return found[0].start, found[-1].end
