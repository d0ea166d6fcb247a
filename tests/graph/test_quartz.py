"""When a cron expression fires, by table; `test_quartz_itself` holds it against Quartz."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from nbkit.graph.quartz import Quartz

BERLIN = ZoneInfo("Europe/Berlin")


def local(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=BERLIN, fold=fold)


def after(text: str, *parts: int, fold: int = 0) -> datetime:
    found = Quartz.parse(text).after(local(*parts, fold=fold), BERLIN)
    assert found is not None
    return found.astimezone(BERLIN)


@pytest.mark.parametrize(
    ("text", "start", "fires"),
    [
        ("0 0 5 * * ?", (2026, 11, 29, 5), (2026, 11, 30, 5)),
        ("0 0 5 ? * 6#3", (2026, 11, 1), (2026, 11, 20, 5)),  # 6 is Friday
        ("0 0 5 ? * 1", (2026, 11, 1, 6), (2026, 11, 8, 5)),  # 1 is Sunday
        ("0 0 5 ? * 6L", (2026, 11, 1), (2026, 11, 27, 5)),
        ("0 0 5 L * ?", (2026, 2, 1), (2026, 2, 28, 5)),
        ("0 0 5 L-2 * ?", (2028, 2, 1), (2028, 2, 27, 5)),
        ("0 0 5 LW * ?", (2026, 5, 1), (2026, 5, 29, 5)),
        ("0 0 5 15W * ?", (2026, 8, 1), (2026, 8, 14, 5)),  # the 15th is a Saturday
        ("0 0 5 1W * ?", (2026, 8, 1), (2026, 8, 3, 5)),  # never into the month before
        ("0 0/15 22-2 * * ?", (2026, 8, 1, 2, 45), (2026, 8, 1, 22)),
        ("0 0 5 1 JAN ? 2030", (2026, 8, 1), (2030, 1, 1, 5)),
        ("0 0 5 ? DEC-FEB MON-FRI", (2026, 8, 1), (2026, 12, 1, 5)),
    ],
)
def test_it_fires(text, start, fires):
    """Days by Quartz's numbers and words."""
    assert after(text, *start) == local(*fires)


def test_a_time_that_does_not_exist_is_skipped():
    """Clocks go from 2 to 3 on March 29th: there is no 02:30."""
    assert after("0 30 2 * * ?", 2026, 3, 28, 12) == local(2026, 3, 30, 2, 30)


def test_of_a_time_that_comes_twice_the_second_counts():
    """Clocks go from 3 to 2 on October 25th."""
    assert after("0 30 2 * * ?", 2026, 10, 24, 12) == local(2026, 10, 25, 2, 30, fold=1)
    assert after("0 30 2 * * ?", 2026, 10, 25, 2, 30, fold=1) == local(2026, 10, 26, 2, 30)
    hourly = after("0 0 * * * ?", 2026, 10, 25, 1)
    assert hourly.astimezone(UTC) == datetime(2026, 10, 25, 1, tzinfo=UTC)  # not 00:00 too


def test_what_is_over_never_fires():
    """A year that is past, a day that no month has."""
    assert Quartz.parse("0 0 5 1 1 ? 2020").after(local(2026, 1, 1), BERLIN) is None
    assert Quartz.parse("0 0 5 30 2 ?").after(local(2026, 1, 1), BERLIN) is None
    assert Quartz.parse("0 0 5 1 1 ?").after(local(9999, 6, 1), BERLIN) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0 5 * * ?", "has 5 fields; Quartz has six"),
        ("0 0 5 * * *", "exactly one of day of month and day of week has to be ?"),
        ("0 60 * * * ?", "minutes is from 0 to 59"),
        ("0 0 5 ? * 6#6", "first to the fifth"),
        ("0 0 5 1,L * ?", "L stands alone"),
        ("0 0 5 ? * MON-6", "from word to word"),
        ("0 x * * * ?", "X is no value of minutes"),
    ],
)
def test_what_cannot_be_read_is_told(text, says):
    """In a sentence."""
    with pytest.raises(ValueError, match=says):
        Quartz.parse(text)
