"""SQL text as Spark's own lexer cuts it: words, names, texts and marks, and where they stand.

This is the one place in nbkit that knows what is a text and what a comment. It follows Spark 4.2's
`SqlBaseLexer` rule for rule, and a property test holds it against that lexer in the JVM. It is
written here, and not called there, since statements are cut before a session needs to exist, and
a call into the JVM per statement would cost more than the statement; sqlglot's tokenizer has other
ideas of raw texts, escapes and comments, and would be a slow import in every kernel.

Single marks that Spark does not know (`$`, `@`, `{`) are marks here as well.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_SPACE = r"[ \t\n\f\r\x0b\xa0\u1680\u2000-\u200a\u2028\u202f\u205f\u3000]+"
_PIECES = re.compile(
    rf"""
      (?P<skip>{_SPACE}|--(?:\\\n|[^\r\n])*\r?\n?)
    | (?P<comment>/\*(?!\+))
    | (?P<text>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|[rR]'[^']*'|[rR]"[^"]*")
    | (?P<name>`(?:[^`]|``)*`)
    | (?P<body>\$[A-Za-z]*\$)
    | (?P<word>\w)
    | (?P<number>\.[0-9])
    | (?P<mark>/\*\+|\*/|<=>|>>>|>>|<>|<<|<=|>=|!=|!<|!>|==|=>|->|\|\||\|>|::|.)
    """,
    re.DOTALL | re.VERBOSE,
)
_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(r"://[\w/.?=&#%-]+")
_DECIMAL = re.compile(
    r"(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:E[+-]?[0-9]+)?(?:F|D|BD)?(?![A-Z0-9_])",
    re.IGNORECASE | re.ASCII,
)
_WHOLE = re.compile(r"[0-9]+(?:[LSY]|(?:E[+-]?[0-9]+)?(?:F|D|BD)?)", re.IGNORECASE | re.ASCII)
_NESTED = re.compile(r"/\*(?!\+)|\*/")
_OF_TYPES = frozenset({"ARRAY", "MAP", "STRUCT"})
_SHIFTS = frozenset({">>", ">>>"})
_ESCAPE = re.compile(
    r"\\(?:(?P<octal>[0-1][0-7]{2})|u(?P<short>[0-9A-Fa-f]{4})|U(?P<long>[0-9A-Fa-f]{8})|(?P<one>.))"
    r"|(?P<twice>''|\"\")",
    re.DOTALL,
)
_ESCAPED = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}
_KEPT = "%_"  # `LIKE` reads their backslash


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of SQL text that is neither a comment nor white space.

    Attributes:
        kind: `word`, `number`, `name` (in back-ticks), `text`, `body` (between `$$`) or `mark`.
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
        return self.text.upper() if self.kind in {"word", "mark", "number"} else ""

    @property
    def value(self) -> str:
        """What it stands for: a text without quotes and escapes, a name without back-ticks."""
        if self.kind == "text":
            return _unescaped(self.text)
        if self.kind == "name":
            return self.text[1:-1].replace("``", "`")
        if self.kind == "body":
            tag = self.text[: self.text.index("$", 1) + 1]
            return self.text[len(tag) :].removesuffix(tag)
        return self.text


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """A change of SQL text: what stands from `start` to `end` becomes `text`."""

    start: int
    end: int
    text: str


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return text with changes made; all else stays as it was, byte for byte."""
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def tokens(text: str) -> list[Token]:
    """Return the tokens of SQL text, comments left out."""
    return list(_cut(text))


@functools.lru_cache(maxsize=16)  # one statement goes through many hands
def _cut(text: str) -> tuple[Token, ...]:
    found: list[Token] = []
    depth = at = in_types = 0
    while at < len(text):
        kind, end = _piece(text, at)
        piece = text[at:end]
        if kind == "mark" and piece in _SHIFTS and in_types:
            piece, end = ">", at + 1  # as in ARRAY<ARRAY<INT>>
        if kind == "word" and piece.upper() in _OF_TYPES:
            in_types += 1
        elif piece == ">" and kind == "mark":
            in_types = max(0, in_types - 1)
        if piece == ")" and kind == "mark":
            depth = max(0, depth - 1)
        if kind != "skip":
            found.append(Token(kind, piece, at, end, depth))
        if piece == "(" and kind == "mark":
            depth += 1
        at = end
    return tuple(found)


def _piece(text: str, at: int) -> tuple[str, int]:
    """Return what kind of piece begins at a place, and where it ends."""
    piece = _PIECES.match(text, at)
    assert piece is not None, text[at:]
    kind = piece.lastgroup or "mark"
    if kind == "comment":
        return "skip", _end_of_comment(text, at)
    if kind == "body":
        close = text.find(piece[0], piece.end())
        return kind, len(text) if close < 0 else close + len(piece[0])
    if kind in {"word", "number"}:
        return _word_or_number(text, at)
    return kind, piece.end()


def _end_of_comment(text: str, at: int) -> int:
    depth = 1
    for mark in _NESTED.finditer(text, at + 2):
        depth += 1 if mark[0] == "/*" else -1
        if not depth:
            return mark.end()
    return len(text)


def _word_or_number(text: str, at: int) -> tuple[str, int]:
    """Choose the longest, as Spark does; a number where a word is no longer."""
    numbers = (_DECIMAL.match(text, at), _WHOLE.match(text, at))
    number = max((each.end() for each in numbers if each), default=at)
    word = _end_of_word(text, at)
    if number > at and number >= word:
        return "number", number
    return ("word", word) if word > at else ("mark", at + 1)


def _end_of_word(text: str, at: int) -> int:
    end = _end_of(_WORD.match(text, at), at)
    if text[at:end].isalpha():
        address = _end_of(_ADDRESS.match(text, end), end)
        return address if address > end + len("://") else end
    return end


def _end_of(found: re.Match[str] | None, at: int) -> int:
    """Return the end of a match: digits and numerals outside of ASCII are no letters to Spark."""
    if found is None:
        return at
    if found[0].isascii():
        return found.end()
    strange = (n for n, each in enumerate(found[0]) if not (each.isascii() or each.isalpha()))
    return at + next(strange, len(found[0]))


def _unescaped(text: str) -> str:
    """Return what a text says: Spark's `unescapeSQLString`."""
    if text[0] in "rR":
        return text[2:-1]
    quote = text[0]

    def plain(found: re.Match[str]) -> str:
        if found["twice"]:
            return quote if found["twice"][0] == quote else found["twice"]
        if found["octal"]:
            return chr(int(found["octal"], 8))
        if code := found["short"] or found["long"]:
            return chr(int(code, 16)) if int(code, 16) <= 0x10FFFF else found[0]  # noqa: PLR2004 - the last of Unicode
        return found[0] if found["one"] in _KEPT else _ESCAPED.get(found["one"], found["one"])

    return _ESCAPE.sub(plain, text[1:-1])


def statements(text: str) -> Iterator[list[Token]]:
    """Yield the tokens of each statement, without the semicolon that ends it.

    A SQL script, `BEGIN … END`, is one statement.
    """
    from nbkit.dialect.splitter import split_tokens  # which is made of tokens

    return split_tokens(tokens(text))


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
            if found[place].upper == ")" and found[place].depth == depth
        ),
        len(found) - 1,
    )


def split(found: Sequence[Token], depth: int) -> list[list[Token]]:
    """Split tokens at the commas of one depth."""
    parts: list[list[Token]] = [[]]
    for token in found:
        if token.upper == "," and token.depth == depth:
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
