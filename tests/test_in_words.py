"""Lengths of time, as quality and pipelines read them; rows, as everybody tells them."""

from __future__ import annotations

import datetime as dt

import pytest

from nbkit.counted import kept_out, rows
from nbkit.durations import duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("90 minutes", 5_400), ("1 day", 86_400), ("1 week", 604_800), ("2 Weeks", 1_209_600)),
        *(("1.5 hours", 5_400), ("1 hour 30 minutes", 5_400), ("1 hour, 30 minutes", 5_400)),
        *(("500 milliseconds", 0.5), (" 10  seconds ", 10), ("10seconds", 10), ("0 seconds", 0)),
    ],
)
def test_what_is_a_length_of_time(text, seconds):
    """A number and a unit, one or several, in any case."""
    assert duration(text) == dt.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "soon", "10", "minutes", "-1 day", "1 month", "1 day ago", "1e3 days", "9e9 weeks"]
)
def test_what_is_none(text):
    """Months have no length; what stands beside a length is not left out."""
    with pytest.raises(ValueError, match="no length of time"):
        duration(text)


def test_longer_than_any_time():
    """Python has no such time."""
    with pytest.raises(ValueError, match="longer than any time"):
        duration("99999999999 weeks")


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1234, "1,234 rows")]
)
def test_rows_in_words(number, text):
    """One row is not several."""
    assert rows(number) == text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        *(((0,), ""), ((None, None), ""), ((2,), "2 dropped"), ((3, 3), "3 quarantined")),
        ((1234, 1000, "s.t_quarantine"), "1,000 quarantined in s.t_quarantine, 234 dropped"),
    ],
)
def test_rows_that_were_kept_out(given, text):
    """Quarantined rows are not dropped: they are somewhere."""
    assert kept_out(*given) == text
