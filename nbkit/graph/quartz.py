"""Quartz's cron expressions: what they mean, and when they fire next.

Six or seven fields: seconds, minutes, hours, day of month, month, day of week (1 is Sunday) and
perhaps years. Where clocks change, a time that does not exist is skipped, and of a time that comes
twice the second one counts, also for what comes every hour or minute: an hour of runs is missing
then, as Quartz has it (and as https://docs.databricks.com/jobs/scheduled warns). A test holds all
this against Quartz itself.
"""

from __future__ import annotations

import calendar
import re
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

_MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {
    name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)
}
_YEARS_AHEAD = 100
_FIRST_YEAR = 1970
_SECOND = timedelta(seconds=1)
_WEEK = 7
_MOST_NTH = 5
_LONGEST_BACK = 30
_FIELDS = (6, 7)
_SATURDAY, _SUNDAY = 5, 6  # as `date.weekday` counts


@dataclass(frozen=True, slots=True)
class _Field:
    """What one place of an expression may hold.

    Attributes:
        name: as people call it.
        least, most: its values.
        names: words for some of them.
        wraps: whether a range may go over its end, as in `22-2`.
    """

    name: str
    least: int
    most: int
    names: dict[str, int]
    wraps: bool = True


_SECONDS = _Field("seconds", 0, 59, {})
_MINUTES = _Field("minutes", 0, 59, {})
_HOURS = _Field("hours", 0, 23, {})
_DAY_OF_MONTH = _Field("day of month", 1, 31, {})
_MONTH = _Field("month", 1, 12, {name.upper(): number for name, number in _MONTHS.items()})
_DAY_OF_WEEK = _Field("day of week", 1, 7, _DAYS)
_YEAR = _Field("year", _FIRST_YEAR, 2099 + _YEARS_AHEAD, {}, wraps=False)


@dataclass(frozen=True, slots=True)
class _Days:
    """Which days of a month, by number.

    Attributes:
        listed: days by their number.
        from_end: how many days before the last one; None for none.
        weekdays: of the days that are listed, those to be moved to the nearest weekday.
        end_on_weekday: whether the day counted from the end is moved to the nearest weekday.
    """

    listed: frozenset[int]
    from_end: int | None = None
    weekdays: frozenset[int] = frozenset()
    end_on_weekday: bool = False

    def of(self, year: int, month: int) -> set[int]:
        last = calendar.monthrange(year, month)[1]
        found = {day for day in self.listed - self.weekdays if day <= last}
        moved = {_nearest(year, month, day) for day in self.weekdays}
        found |= {day for day in moved if day <= last}
        if self.from_end is not None and self.from_end < last:
            day = last - self.from_end
            found.add(_nearest(year, month, day) if self.end_on_weekday else day)
        return found


@dataclass(frozen=True, slots=True)
class _Weekdays:
    """Which days of a week, or one of them in each month.

    Attributes:
        listed: days, 1 is Sunday.
        nth: which one of the month; 0 for every, -1 for the last.
    """

    listed: frozenset[int]
    nth: int = 0

    def of(self, year: int, month: int) -> set[int]:
        last = calendar.monthrange(year, month)[1]
        days = [day for day in range(1, last + 1) if _quartz_day(year, month, day) in self.listed]
        if self.nth < 0:
            return {days[-1]}
        if self.nth:
            return {day for day in days if (day - 1) // _WEEK + 1 == self.nth}
        return set(days)


@dataclass(frozen=True, slots=True)
class Quartz:
    """A cron expression that was read.

    Attributes:
        text: as it was written.
    """

    text: str
    _seconds: tuple[int, ...]
    _minutes: tuple[int, ...]
    _hours: tuple[int, ...]
    _months: frozenset[int]
    _days: _Days | _Weekdays
    _years: frozenset[int] | None

    @classmethod
    def parse(cls, text: str) -> Quartz:
        """Read an expression.

        Raises:
            ValueError: Quartz does not take it; a sentence for people.
        """
        fields = text.upper().split()
        if len(fields) not in _FIELDS:
            raise ValueError(
                f"has {len(fields)} fields; Quartz has six or seven, the first for seconds: "
                "seconds minutes hours day-of-month month day-of-week [year]"
            )
        seconds, minutes, hours, of_month, month, of_week, *years = fields
        if (of_month == "?") == (of_week == "?"):
            raise ValueError("exactly one of day of month and day of week has to be ?")
        days = _weekdays(of_week) if of_month == "?" else _days(of_month)
        every_year = not years or years[0] == "*"
        return cls(
            text,
            tuple(sorted(_values(seconds, _SECONDS))),
            tuple(sorted(_values(minutes, _MINUTES))),
            tuple(sorted(_values(hours, _HOURS))),
            frozenset(_values(month, _MONTH)),
            days,
            None if every_year else frozenset(_values(years[0], _YEAR)),
        )

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """Return when it fires next; None if it never does again.

        Args:
            moment: with a time zone; the answer is later, by a second at least.
            zone: whose clocks the expression means.

        Returns:
            The time in UTC.
        """
        local = (moment.astimezone(zone) + _SECOND).replace(tzinfo=None, microsecond=0, fold=0)
        for found in self._local(local):
            fired = found.replace(tzinfo=zone, fold=1).astimezone(UTC)
            exists = fired.astimezone(zone).replace(tzinfo=None) == found
            if exists and fired > moment:
                return fired
        return None

    def _local(self, start: datetime) -> Iterator[datetime]:
        """Yield the times that clocks on a wall would show, from one on."""
        for day in self._dates(start.date()):
            begin = start.time() if day == start.date() else time()
            for hour in self._hours[bisect_left(self._hours, begin.hour) :]:
                minutes = self._from(self._minutes, begin.minute, hour == begin.hour)
                for minute in minutes:
                    same = hour == begin.hour and minute == begin.minute
                    for second in self._from(self._seconds, begin.second, same):
                        yield datetime.combine(day, time(hour, minute, second))

    @staticmethod
    def _from(values: Sequence[int], first: int, bound: bool) -> Sequence[int]:
        return values[bisect_left(values, first) :] if bound else values

    def _dates(self, start: date) -> Iterator[date]:
        for year in range(start.year, min(start.year + _YEARS_AHEAD, date.max.year) + 1):
            if self._years is not None and year not in self._years:
                continue
            for month in sorted(self._months):
                if (year, month) < (start.year, start.month):
                    continue
                for number in sorted(self._days.of(year, month)):
                    day = date(year, month, number)
                    if day >= start:
                        yield day


def _quartz_day(year: int, month: int, day: int) -> int:
    return (calendar.weekday(year, month, day) + 1) % _WEEK + 1


def _nearest(year: int, month: int, day: int) -> int:
    """Return the weekday nearest to a day, in the same month.

    Of a day that the month does not have, Quartz looks at the weekday in the next month.
    """
    last = calendar.monthrange(year, month)[1]
    weekday = (date(year, month, 1) + timedelta(days=day - 1)).weekday()
    if weekday == _SATURDAY:
        return day + 2 if day == 1 else day - 1
    if weekday == _SUNDAY:
        return day - 2 if day == last else day + 1
    return day


def _days(text: str) -> _Days:
    if found := re.fullmatch(r"L(?:-(\d+))?(W)?", text):
        back = int(found[1] or 0)
        if back > _LONGEST_BACK:
            raise ValueError(f"{text}: a month has no day so far from its end")
        return _Days(frozenset(), back, end_on_weekday=bool(found[2]))
    listed: set[int] = set()
    weekdays: set[int] = set()
    for part in text.split(","):
        if found := re.fullmatch(r"(\d+)W", part):
            day = _in_range(int(found[1]), _DAY_OF_MONTH, part)
            weekdays.add(day)
            listed.add(day)
        elif "L" in part:
            raise ValueError(f"{text}: L stands alone, without other days of the month")
        else:
            listed |= _values(part, _DAY_OF_MONTH)
    return _Days(frozenset(listed), None, frozenset(weekdays))


def _weekdays(text: str) -> _Weekdays:
    if text == "L":
        return _Weekdays(frozenset({_WEEK}))
    if found := re.fullmatch(r"(\w+?)(?:#(\d+)|(L))", text):
        day = _number(found[1], _DAY_OF_WEEK)
        nth = int(found[2]) if found[2] else -1
        if found[2] and not 1 <= nth <= _MOST_NTH:
            raise ValueError(f"{text}: a month has the first to the fifth of a day of the week")
        return _Weekdays(frozenset({day}), nth)
    if "#" in text or "L" in text:
        raise ValueError(f"{text}: # and L stand for one day of the week, without others")
    return _Weekdays(frozenset(_values(text, _DAY_OF_WEEK)))


_PART = re.compile(r"(?:(?P<all>\*)|(?P<first>\w+)(?:-(?P<last>\w+))?)?(?:/(?P<step>\d+))?")


def _values(text: str, field: _Field) -> set[int]:
    """Return the values that a field names: `*`, lists, ranges, steps."""
    found: set[int] = set()
    for part in text.split(","):
        shape = _PART.fullmatch(part)
        if shape is None or not part:
            raise ValueError(f"{part or text} is no value of {field.name}")
        step = _step(shape["step"], field, part)
        words = [each in field.names for each in (shape["first"], shape["last"]) if each]
        if len(set(words)) > 1:
            raise ValueError(f"{part}: a range goes from word to word, or from number to number")
        if True in words:
            step = None  # Quartz reads no step after a word
        if shape["first"] is None:
            found.update(range(field.least, field.most + 1, step or 1))
            continue
        first = _number(shape["first"], field)
        if shape["last"] is not None:
            last = _number(shape["last"], field)
        else:
            last = first if step is None else field.most
        found |= _range(first, last, step or 1, field, part)
    return found


def _step(text: str | None, field: _Field, part: str) -> int | None:
    if text is None:
        return None
    step = int(text)
    most = field.most if field.wraps else field.most - field.least
    if not 1 <= step <= most:
        raise ValueError(f"{part}: a step of {field.name} is from 1 to {most}")
    return step


def _range(first: int, last: int, step: int, field: _Field, part: str) -> set[int]:
    if first <= last:
        return set(range(first, last + 1, step))
    if not field.wraps:
        raise ValueError(f"{part}: it begins after it ends")
    size = field.most - field.least + 1
    numbers = range(first, last + size + 1, step)
    return {(number - field.least) % size + field.least for number in numbers}


def _number(text: str, field: _Field) -> int:
    if text in field.names:
        return field.names[text]
    if not text.isdecimal():
        raise ValueError(f"{text} is no value of {field.name}")
    return _in_range(int(text), field, text)


def _in_range(number: int, field: _Field, part: str) -> int:
    if not field.least <= number <= field.most:
        raise ValueError(f"{part}: {field.name} is from {field.least} to {field.most}")
    return number
