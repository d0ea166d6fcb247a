"""Ready-made expectations on rows, and checks of a single figure of a table."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any, cast

from nbkit.dialect.sql_text import literal
from nbkit.quality.expectation import Action, Expectation, Nulls
from nbkit.quality.sampling import quoted
from nbkit.quality.table_checks import Aggregate, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

_UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}


def expect(
    name: str,
    predicate: str,
    *,
    action: Action = "warn",
    threshold: float | str = 0.0,
    nulls: Nulls = "fail",
) -> Expectation:
    """Expect a SQL condition of every row: `expect("positive", "distance > 0")`.

    Args:
        name: as people call it.
        predicate: the condition.
        action: what is done about rows that fail: `warn`, `drop`, `quarantine` or `fail`.
        threshold: share of rows that may fail: `0.01` or `"1%"`.
        nulls: whether a row for which the condition is NULL fails or passes.
    """
    return _made(name, predicate, action, threshold, nulls)


def not_null(
    *columns: str, action: Action = "warn", threshold: float | str = 0.0, name: str = ""
) -> Expectation:
    """Expect values in all of these columns."""
    predicate = " and ".join(f"{quoted(column)} is not null" for column in columns)
    name = name or f"{_joined(columns)}_not_null"
    says = f"{' and '.join(columns)} {'is' if len(columns) == 1 else 'are'} not null"
    return _made(name, predicate, action, threshold, says=says)


def in_set(
    column: str,
    values: Iterable[Any],
    *,
    action: Action = "warn",
    threshold: float | str = 0.0,
    nulls: Nulls = "fail",
    name: str = "",
) -> Expectation:
    """Expect one of these values: text, numbers, booleans, dates or times."""
    listed = ", ".join(value_literal(value) for value in values)
    predicate = f"{quoted(column)} in ({listed})"
    name, says = name or f"{column}_in_set", f"{column} is one of {listed}"
    return _made(name, predicate, action, threshold, nulls, says=says)


def between(
    column: str,
    low: Any = None,
    high: Any = None,
    *,
    action: Action = "warn",
    threshold: float | str = 0.0,
    nulls: Nulls = "fail",
    name: str = "",
) -> Expectation:
    """Expect a value from `low` to `high`, both included; None is no bound. NaN fails."""
    bounds = [
        f"{quoted(column)} {sign} {value_literal(bound)}"
        for sign, bound in ((">=", low), ("<=", high))
        if bound is not None
    ]
    if high is None and isinstance(low, int | float):  # to Spark, NaN is above all numbers
        bounds.append(f"not isnan(cast({quoted(column)} as double))")
    name, says = name or f"{column}_in_range", f"{column} is {_bounds(low, high)}"
    return _made(name, " and ".join(bounds), action, threshold, nulls, says=says)


def matches(
    column: str,
    pattern: str,
    *,
    action: Action = "warn",
    threshold: float | str = 0.0,
    nulls: Nulls = "fail",
    name: str = "",
) -> Expectation:
    """Expect text in which a regular expression (Java's) is found; `^…$` for the whole text."""
    predicate = f"{quoted(column)} rlike {literal(pattern)}"
    name, says = name or f"{column}_matches", f"{column} matches {pattern}"
    return _made(name, predicate, action, threshold, nulls, says=says)


def foreign_key(
    columns: str | Iterable[str],
    table: str,
    key: str | Iterable[str] = (),
    *,
    action: Action = "warn",
    threshold: float | str = 0.0,
    nulls: Nulls = "fail",
    name: str = "",
) -> Expectation:
    """Expect values that are there in another table.

    Args:
        columns: one column or several.
        table: the other table or temporary view.
        key: its columns, if they are called otherwise.
        action: what is done about rows that fail.
        threshold: share of rows that may fail.
        nulls: `pass` lets rows pass in which one of the columns is NULL.
        name: as people call it.
    """
    own = _listed(columns)
    there = _listed(key) or own
    chosen = ", ".join(map(quoted, there))
    predicate = f"({', '.join(map(quoted, own))}) in (select {chosen} from {table})"  # noqa: S608 - the author's own query
    if nulls == "pass":
        missing = " or ".join(f"{quoted(column)} is null" for column in own)
        predicate = f"{missing} or {predicate}"
    says = f"{_joined(own)} is in {table}"
    name = name or f"{_joined(own)}_in_{table.rsplit('.', 1)[-1]}"
    return _made(name, predicate, action, threshold, nulls, says=says)


def row_count(
    low: int | None = None,
    high: int | None = None,
    *,
    action: Literal["warn", "fail"] = "warn",
    name: str = "row_count",
) -> Aggregate:
    """Expect so many rows, both bounds included."""
    return aggregate(name, "count(1)", low, high, action=action)


def aggregate(
    name: str,
    expression: str,
    low: float | None = None,
    high: float | None = None,
    *,
    action: Literal["warn", "fail"] = "warn",
) -> Aggregate:
    """Expect a SQL aggregate within bounds: `aggregate("delay", "avg(delay)", high=30)`.

    The rows are those that are kept. An aggregate of no rows (NULL) does not hold.
    """

    def judge(value: Any) -> Verdict:
        above = value is not None and (low is None or value >= low)
        return Verdict(above and (high is None or value <= high), f"{expression} is {shown(value)}")

    rule = f"{expression} is {_bounds(low, high)}"
    return Aggregate(name, rule, action, expression=f"cast({expression} as double)", judge=judge)


def freshness(
    column: str,
    within: dt.timedelta | str,
    *,
    action: Literal["warn", "fail"] = "warn",
    name: str = "",
) -> Aggregate:
    """Expect the newest time (or date) of a column to be recent.

    Args:
        column: of times or dates.
        within: how old the newest may be, such as `"2 hours"` or a timedelta.
        action: `warn` or `fail`.
        name: as people call it.

    Raises:
        ValueError: `within` is no length of time.
    """
    limit = within if isinstance(within, dt.timedelta) else duration(within)

    def judge(newest: int | None) -> Verdict:
        if newest is None:
            return Verdict(False, f"{column} has no value")
        age = dt.timedelta(seconds=round(time.time() - newest / 1_000_000))
        at = dt.datetime.fromtimestamp(newest / 1_000_000, dt.UTC)
        return Verdict(
            age <= limit, f"the newest {column} is {at:%Y-%m-%d %H:%M:%S} UTC, {age} ago"
        )

    newest = f"unix_micros(max(cast({quoted(column)} as timestamp)))"
    rule = f"newest {column} at most {limit} old"
    return Aggregate(name or f"{column}_fresh", rule, action, expression=newest, judge=judge)


def duration(text: str) -> dt.timedelta:
    """Return a length of time such as `90 minutes` or `1 day`.

    Raises:
        ValueError: it is none.
    """
    number, _, unit = text.strip().partition(" ")
    try:
        seconds = float(number) * _UNITS[unit.strip().lower().removesuffix("s")]
    except (ValueError, KeyError):
        units = ", ".join(f"{unit}s" for unit in _UNITS)
        raise ValueError(
            f"{text!r} is no length of time; write a number and one of {units}"
        ) from None
    return dt.timedelta(seconds=seconds)


def value_literal(value: Any) -> str:
    """Return a value as a literal of SQL.

    Raises:
        TypeError: there is no such literal.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, dt.datetime):
        return f"timestamp'{value.isoformat(sep=' ')}'"
    if isinstance(value, dt.date):
        return f"date'{value.isoformat()}'"
    if isinstance(value, float):
        return f"cast('{value}' as double)"
    if value is None or not hasattr(value, "__int__"):
        raise TypeError(f"{value!r} cannot be written in a SQL condition")
    return str(value)


def shown(value: Any) -> str:
    """Return a measured figure for people."""
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.6g}"
    return "NULL" if value is None else str(value)


def _made(
    name: str,
    predicate: str,
    action: Action,
    threshold: float | str,
    nulls: Nulls = "fail",
    *,
    says: str = "",
) -> Expectation:
    # the expectation itself reads the threshold, so that it tells all its problems at once
    return Expectation(name, predicate, action, cast("float", threshold), nulls, says)


def _bounds(low: Any, high: Any) -> str:
    if low is None and high is None:
        return "not null"
    if low is None:
        return f"at most {shown(high)}"
    return f"at least {shown(low)}" if high is None else f"from {shown(low)} to {shown(high)}"


def _listed(columns: str | Iterable[str]) -> tuple[str, ...]:
    return (columns,) if isinstance(columns, str) else tuple(columns)


def _joined(columns: Iterable[str]) -> str:
    return "_".join(columns)
