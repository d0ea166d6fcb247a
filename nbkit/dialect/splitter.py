"""SQL text of several statements, one by one, as its tokens say.

A semicolon ends a statement, except within a compound one: a script (`BEGIN … END`) or a procedure
whose body is one. Spark's grammar wants a semicolon behind each statement of a script, so that an
`END` which closes something always begins a statement, and one in an expression never does.
"""

from __future__ import annotations

import typing

from nbkit.dialect.tokens import Token, starts, tokens

if typing.TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_HEADS = {"IF": "THEN", "WHILE": "DO", "FOR": "DO", "CASE": "THEN"}
"""Blocks that say something before their first statement, and the word that ends it."""
_BLOCKS = frozenset({"BEGIN", "LOOP", "REPEAT", *_HEADS})
_FURTHER_HEADS = {"IF": "ELSEIF", "CASE": "WHEN"}
_TRANSACTIONS = frozenset({"TRANSACTION", "WORK", "TRAN", ";", ""})


def statements(text: str) -> Iterator[str]:
    """Yield the statements between semicolons; a SQL script, `BEGIN … END`, is one of them.

    Comments before and in a statement are part of it; text with nothing else is no statement.
    """
    found = tokens(text)
    start = 0
    for begin, end in _places(found):
        stop = found[end].start if end < len(found) else len(text)
        if end > begin:
            yield text[start:stop].strip()
        start = stop + 1


def split_tokens(found: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the tokens of each statement, without the semicolon that ends it."""
    return (list(found[begin:end]) for begin, end in _places(found) if end > begin)


def inner_statements(found: Sequence[Token]) -> list[list[Token]]:
    """Return the tokens of a statement in one list; those of a script, statement by statement.

    What a script says besides (`IF condition THEN`, `DECLARE …`) is a list too.
    """
    reader = _Reader(found, 0)
    reader.statement()
    return [list(found[begin:end]) for begin, end in reader.pieces if end > begin]


def _places(found: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Yield where each statement begins, and where its semicolon is, among the tokens."""
    begin = 0
    while begin < len(found):
        reader = _Reader(found, begin)
        reader.statement()
        yield begin, reader.at
        begin = reader.at + 1


class _Reader:
    """Reads one statement, and as much of the grammar of scripts as finding its end takes."""

    def __init__(self, found: Sequence[Token], at: int) -> None:
        self._found = found
        self.at = at
        self.pieces: list[tuple[int, int]] = []

    @property
    def _word(self) -> str:
        return self._found[self.at].upper if self.at < len(self._found) else ""

    @property
    def _more(self) -> bool:
        return self.at < len(self._found)

    def statement(self) -> None:
        """Read up to the semicolon that ends the statement, or the end of the text."""
        begin = self.at
        self._label()
        if self._word == "CREATE" and self._to_body_of_procedure():
            self.pieces.append((begin, self.at))
            self._block()
        elif self._word == "BEGIN" and self._after(1) not in _TRANSACTIONS:
            self._block()
        self._up_to_semicolon(self.at)

    def _after(self, count: int) -> str:
        place = self.at + count
        return self._found[place].upper if place < len(self._found) else ""

    def _up_to_semicolon(self, begin: int) -> None:
        while self._more and self._word != ";":
            self.at += 1
        self.pieces.append((begin, self.at))

    def _label(self) -> None:
        at = self.at
        named = at < len(self._found) and self._found[at].kind in {"word", "name"}
        if named and starts(self._found, at + 1, ":") and self._after(2) in _BLOCKS:
            self.at += 2

    def _to_body_of_procedure(self) -> bool:
        """Go to the `BEGIN` of `CREATE PROCEDURE … AS BEGIN`; say whether this is one."""
        name = self.at + (3 if starts(self._found, self.at + 1, "OR", "REPLACE") else 1)
        if not starts(self._found, name, "PROCEDURE"):
            return False
        depth = self._found[name].depth
        for place in range(name, len(self._found)):
            if self._found[place].upper == ";":
                return False
            if self._found[place].upper == "BEGIN" and self._found[place].depth == depth:
                self.at = place
                return True
        return False

    def _block(self) -> None:
        """Read what begins here to the end of its `END`."""
        word = self._word
        begin = self.at
        self.at += 1
        if word in _HEADS:
            self._head(begin, _HEADS[word])
        elif word == "BEGIN":
            self.at += next((n for n in (2, 1) if self._after(n - 1) == "ATOMIC"), 0)
        while self._more:
            if self._word == "END":
                self.at += 1 + (self._after(1) in _BLOCKS)
                return
            if self._word in {";", "ELSE"}:
                self.at += 1
            elif self._word == _FURTHER_HEADS.get(word):
                self._head(self.at, "THEN")
            elif word == "REPEAT" and self._word == "UNTIL":
                self._head(self.at, "END")
                self.at -= 1
            else:
                self._statement()

    def _statement(self) -> None:
        """Read a statement within a block, to its semicolon."""
        self._label()
        begin = self.at
        if self._word == "DECLARE" and self._after(2) == "HANDLER":
            while self._more and self._word not in {"BEGIN", ";"}:
                self.at += 1
            self.pieces.append((begin, self.at))
            begin = self.at
        if self._word in _BLOCKS:
            self._block()
            begin = self.at
        self._up_to_semicolon(begin)

    def _head(self, begin: int, last: str) -> None:
        """Read up to the word that ends a condition; a `CASE` in it has such words of its own."""
        cases = 0
        while self._more and self._word != ";":
            word = self._word
            self.at += 1
            if word == last and not cases:
                break
            if word == "CASE" and self.at - 1 > begin:
                cases += 1
            elif word == "END":
                cases = max(0, cases - 1)
        self.pieces.append((begin, self.at))
