"""A value of a table as text, as a person wants to read it."""

from __future__ import annotations

import json
import math
import typing
from datetime import date, datetime
from decimal import Decimal

from nbkit.toolkit.redaction import redactor

CHARACTERS = 1_000
"""A longer value is clipped: one huge cell must not make a huge notebook."""


def text_of(value: typing.Any) -> str | None:
    """Return a value as text of at most `CHARACTERS` characters; None stays None.

    Booleans are lower case, dates ISO, binary hexadecimal, and what is nested is JSON.
    """
    if value is None:
        return None
    # Now, whole: of a clipped secret the kernel's border would not know the rest.
    text = redactor.text(_text(value))
    return text if len(text) <= CHARACTERS else text[:CHARACTERS] + "…"


def _text(value: typing.Any) -> str:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "0x" + bytes(value[: CHARACTERS + 1]).hex()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    plain = _plain(value)
    if isinstance(plain, (dict, list)):
        return json.dumps(plain, ensure_ascii=False, default=_inner)
    return str(value)


def _plain(value: typing.Any) -> typing.Any:
    """Return what is nested as dictionaries and lists, with keys that JSON can have."""
    if hasattr(value, "asDict"):  # a Row; PySpark is not to be imported to find out
        value = value.asDict()
    elif hasattr(value, "tolist"):  # NumPy's arrays and scalars
        value = value.tolist()
    if isinstance(value, dict):
        return {_inner(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return _text(value)
    return value


def _inner(value: typing.Any) -> str:
    """Return what JSON has no word for, and keys, as text."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str) else _text(value)
