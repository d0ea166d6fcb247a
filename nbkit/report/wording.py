"""Times, durations and errors as people read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\].*?(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f]")
"""Colour and cursor codes, window titles, carriage returns, and what else no page shows."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def duration(milliseconds: int | None) -> str:
    """Return a duration: `0.42 s`, `7.3 s`, `42 s`, `3 min 05 s`, `2 h 14 min`, `1 d 03 h`."""
    if milliseconds is None:
        return ""
    if milliseconds <= 0:
        return "0 s"
    seconds = milliseconds / 1000
    whole = round(seconds)
    if whole >= _DAY:
        return f"{whole // _DAY} d {whole % _DAY // _HOUR:02} h"
    if whole >= _HOUR:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"
    if whole >= _MINUTE:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    digits = 2 if seconds < 1 else 1 if seconds < 10 else 0  # noqa: PLR2004 - fewer as it grows
    return f"{seconds:.{digits}f} s"


def clock(milliseconds: int) -> str:
    """Return an elapsed time as a stopwatch shows it: `0:07`, `12:31`, `1:02:03`."""
    seconds = max(milliseconds, 0) // 1000
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}:{seconds % _MINUTE:02}"
    return f"{seconds // _HOUR}:{seconds % _HOUR // _MINUTE:02}:{seconds % _MINUTE:02}"


def moment(milliseconds: int | None) -> str:
    """Return a point in time in this machine's zone, which it names."""
    if not milliseconds:
        return ""
    return f"{_utc(milliseconds).astimezone():%Y-%m-%d %H:%M:%S %Z}"


def time_of_day(milliseconds: int) -> str:
    """Return the time of day in this machine's zone."""
    return f"{_utc(milliseconds).astimezone():%H:%M:%S}"


def iso(milliseconds: int | None) -> str:
    """Return a point in time as machines read it, in UTC."""
    return _utc(milliseconds).isoformat(timespec="milliseconds") if milliseconds else ""


def one_line(text: str) -> str:
    """Return a text without terminal codes, all its white space as single spaces."""
    return " ".join(plain(text).split())


def plain(text: str) -> str:
    """Return a text without terminal codes and other control characters."""
    return _CONTROL.sub("", text)


def named(error: str, message: str) -> str:
    """Return an error's message with the exception's name before it, if it is not in it."""
    return f"{error}: {message}" if error and error not in message else message


def _utc(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
