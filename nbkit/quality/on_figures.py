"""Ready-made checks of a single figure of a table, taken from the rows as they are written."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any

from nbkit.durations import duration
from nbkit.quality.ready_made import ready_made
from nbkit.quality.table_checks import Aggregate, TableVerdict
from nbkit.quality.values import plain_number, shown, within

if TYPE_CHECKING:
    from nbkit.quality.naming import Named
    from nbkit.quality.table_checks import TableAction


@ready_made
def row_count(
    low: int | None = None,
    high: int | None = None,
    *,
    action: TableAction = "warn",
    name: str = "row_count",
) -> Aggregate:
    """Expect so many rows, both bounds included."""
    return aggregate(name, "count(1)", low, high, action=action)


@ready_made
def aggregate(
    name: str,
    expression: str,
    low: Any = None,
    high: Any = None,
    *,
    action: TableAction = "warn",
) -> Aggregate:
    """Expect a SQL aggregate within bounds: `aggregate("delay", "avg(delay)", high=30)`.

    The rows are those that are kept. An aggregate of no rows (NULL) does not hold, and neither
    does one that is NaN. Figures are compared exactly, as the numbers, dates or times they are.

    Args:
        name: as people call it.
        expression: the aggregate.
        low: the least that it may be; None for no bound.
        high: the most that it may be; None for no bound.
        action: `warn` or `fail`.

    Raises:
        ValueError: a bound is NaN.
    """
    told = bounds(low, high)

    def judge(value: Any) -> TableVerdict:
        what = f"{expression} is {shown(value)}"
        try:
            return TableVerdict(within(value, low, high), what)
        except (TypeError, ValueError):
            return TableVerdict(False, f"{what}, which cannot be compared with {told}")

    rule = f"{expression} is {told}"
    return Aggregate(name, rule, action, expression=lambda _: expression, judge=judge)


@ready_made
def freshness(
    column: str,
    within: dt.timedelta | str,
    *,
    action: TableAction = "warn",
    name: str = "",
) -> Aggregate:
    """Expect the newest time (or date) of a column to be recent.

    Args:
        column: of times or dates.
        within: how old the newest may be, such as `"2 hours"`, `"1 week"` or a timedelta.
        action: `warn` or `fail`.
        name: as people call it.

    Raises:
        ValueError: `within` is no length of time.
    """
    limit = within if isinstance(within, dt.timedelta) else duration(within)

    def judge(newest: int | None) -> TableVerdict:
        if newest is None:
            return TableVerdict(False, f"{column} has no value")
        age = dt.timedelta(seconds=round(time.time() - newest / 1_000_000))
        at = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        try:
            at += dt.timedelta(microseconds=newest)
        except OverflowError:
            return TableVerdict(False, f"the newest {column} is beyond any calendar")
        return TableVerdict(
            age <= limit, f"the newest {column} is {at:%Y-%m-%d %H:%M:%S} UTC, {age} ago"
        )

    def newest(named: Named) -> str:
        return f"unix_micros(max(cast({named(column)} as timestamp)))"

    rule = f"newest {column} at most {limit} old"
    return Aggregate(name or f"{column}_fresh", rule, action, expression=newest, judge=judge)


def bounds(low: Any, high: Any) -> str:
    """Return bounds in words.

    Raises:
        ValueError: one is NaN, which nothing can be compared with.
    """
    for bound in (low, high):
        number = plain_number(bound)
        if number is not None and number != number:  # noqa: PLR0124 - so NaN is told
            raise ValueError("NaN is no bound: nothing is above or below it")
    if low is None and high is None:
        return "not null"
    if low is None:
        return f"at most {shown(high)}"
    return f"at least {shown(low)}" if high is None else f"from {shown(low)} to {shown(high)}"
