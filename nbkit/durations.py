"""Lengths of time as people write them: `10 seconds`, `90 minutes`, `1 hour 30 minutes`, `1 week`.

The one reader of them: of quality's `freshness` and of the settings of pipelines.
"""

from __future__ import annotations

import datetime as dt
import re

_SECONDS = {
    "millisecond": 0.001,
    "second": 1,
    "minute": 60,
    "hour": 3_600,
    "day": 86_400,
    "week": 604_800,
}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([a-z]+)[\s,]*", re.IGNORECASE)


def duration(text: str) -> dt.timedelta:
    """Return a length of time such as `90 minutes`, `1 day` or `1 hour 30 minutes`.

    Raises:
        ValueError: it is none.
    """
    seconds, place = 0.0, 0
    whole = text.strip()
    while found := _PART.match(whole, place):
        unit = found[2].lower()
        if unit.removesuffix("s") not in _SECONDS:
            break
        seconds += float(found[1]) * _SECONDS[unit.removesuffix("s")]
        place = found.end()
    if not whole or place < len(whole):
        units = ", ".join(f"{unit}s" for unit in _SECONDS)
        raise ValueError(f"{text!r} is no length of time; write a number and one of {units}")
    try:
        return dt.timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError(f"{text!r} is longer than any time") from None
