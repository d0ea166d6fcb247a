"""Takes values that nobody may see out of text, however they are spelled there."""

from __future__ import annotations

import base64
import html
import json
import re
import typing
from urllib.parse import quote, quote_plus

REDACTED = "[REDACTED]"
SHORT = 4
"""A shorter value is replaced as a whole word only: `1` is in every other text."""

_LONG_LINE = 16
_LONG_FRAGMENT = 8
"""Shorter pieces of Base64 stand in pictures by chance."""


class Redactor:
    """Knows values that nobody may see.

    Attributes:
        values: all of them, in the order in which they came.
        told: is called with each new one.
        before_first: is called when the first one comes, before anybody else gets it.
    """

    def __init__(self) -> None:
        self.values: dict[str, None] = {}
        self.told: typing.Callable[[str], None] | None = None
        self.before_first: typing.Callable[[], None] | None = None
        self._spellings: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def hide(self, value: str) -> None:
        """Never let this value out again, nor a long line of it, such as of a private key."""
        if value in self.values:
            return
        if not self.values and self.before_first is not None:
            self.before_first()
        self.values[value] = None
        lines = {line.strip() for line in value.splitlines() if len(line) >= _LONG_LINE}
        spelt = set().union(*map(_spellings, {value, *lines}))
        spellings = {spelling for spelling in spelt if spelling.strip()}
        if spellings <= self._spellings:
            return
        self._spellings = self._spellings | spellings
        longest_first = sorted(self._spellings, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_expression, longest_first)))
        if self.told is not None:
            self.told(value)

    def forget(self) -> None:
        """Know nothing any more."""
        self.values.clear()
        self._spellings, self._pattern = set(), None

    @property
    def knows_any(self) -> bool:
        """Whether there is anything to hide."""
        return self._pattern is not None

    def text(self, text: str) -> str:
        """Return a text without the values."""
        return self._pattern.sub(REDACTED, text) if self._pattern else text

    def anything(self, value: typing.Any, *, names: bool = False) -> typing.Any:
        """Return JSON-like data without the values; names of fields are data too, or are not."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {
                self.text(name) if names and isinstance(name, str) else name: self.anything(
                    part, names=names
                )
                for name, part in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.anything(part, names=names) for part in value]
        return value

    def binary(self, data: typing.Any) -> typing.Any:
        """Return a buffer without the values; its length stays."""
        found = raw = bytes(data)
        for spelling in self._spellings:
            if len(spelling) >= SHORT:
                found = found.replace(spelling.encode(), b"*" * len(spelling.encode()))
        return data if found == raw else found

    def unfinished(self, text: str) -> int:
        """Return how many characters at the end may be the beginning of a value."""
        longest, last = 0, text[-1:]
        for spelling in self._spellings:
            if len(spelling) < SHORT:
                continue
            for size in range(min(len(spelling) - 1, len(text)), longest, -1):
                if spelling[size - 1] == last and text.endswith(spelling[:size]):
                    longest = size
                    break
        return longest


class Flow:
    """A text that comes in pieces, without the values: also those that stand in two of them.

    Args:
        redactor: knows the values.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._rest = ""

    def next(self, piece: str) -> str:
        """Return what can be told with this piece; what may begin a value waits for the next."""
        text = self._redactor.text(self._rest + piece)
        waiting = self._redactor.unfinished(text)
        self._rest = text[len(text) - waiting :]
        return text[: len(text) - waiting]

    def last(self) -> str:
        """Return what has waited in vain."""
        rest, self._rest = self._rest, ""
        return rest


def _spellings(value: str) -> set[str]:
    escaped = {
        repr(value)[1:-1],
        repr(value.encode(errors="replace"))[2:-1],
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
    }
    escaped |= {each.replace("/", "\\/") for each in escaped}
    escaped |= {json.dumps(each)[1:-1] for each in escaped}  # JSON inside of JSON
    found = {value, value.strip(), *escaped, *_in_addresses(value), *_in_base64(value)}
    return found | {html.escape(each) for each in (value, *escaped)}


def _in_addresses(value: str) -> set[str]:
    kept = value.encode(errors="replace")
    quoted = {quote(kept), quote(kept, safe=""), quote_plus(kept)}
    return quoted | {
        re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), each) for each in quoted
    }


def _in_base64(value: str) -> set[str]:
    """Return how a value looks in Base64, by itself and as a part of something longer.

    Three bytes are four characters, so that there are three ways in which it may lie; a character
    that shares its bits with what stands beside it is left out.
    """
    kept = value.encode(errors="replace")
    if len(kept) < SHORT:
        return set()
    found = set()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(kept).decode()
        found |= {whole, whole.rstrip("=")}
        for before in range(3):
            text = encode(b"\0" * before + kept).decode()
            fragment = text[-(-before * 8 // 6) : (before + len(kept)) * 8 // 6]
            if len(fragment) >= _LONG_FRAGMENT:
                found.add(fragment)
    return found


def _expression(spelling: str) -> str:
    text = re.escape(spelling)
    return text if len(spelling) >= SHORT else rf"(?<!\w){text}(?!\w)"
