"""Takes values that nobody may see out of text, however they are spelled there."""

from __future__ import annotations

import html
import json
import re
import typing
from urllib.parse import quote, quote_plus

REDACTED = "[REDACTED]"
SHORT = 4
"""A shorter value is replaced as a whole word only: `1` is in every other text."""

_LONG_LINE = 16


class Redactor:
    """Knows values that nobody may see.

    Attributes:
        values: all of them, in the order in which they came.
        told: is called with each new one.
    """

    def __init__(self) -> None:
        self.values: dict[str, None] = {}
        self.told: typing.Callable[[str], None] | None = None
        self._spellings: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def hide(self, value: str) -> None:
        """Never let this value out again, nor a long line of it, such as of a private key."""
        if value in self.values:
            return
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
        longest = 0
        for spelling in self._spellings:
            if len(spelling) < SHORT:
                continue
            for size in range(min(len(spelling) - 1, len(text)), longest, -1):
                if text.endswith(spelling[:size]):
                    longest = size
                    break
        return longest


def _spellings(value: str) -> set[str]:
    escaped = {
        repr(value)[1:-1],
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
    }
    found = {value, value.strip(), *escaped, quote(value), quote(value, safe=""), quote_plus(value)}
    return found | {html.escape(each) for each in (value, *escaped)}


def _expression(spelling: str) -> str:
    text = re.escape(spelling)
    return text if len(spelling) >= SHORT else rf"(?<!\w){text}(?!\w)"
