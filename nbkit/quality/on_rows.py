"""Ready-made expectations on rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict, cast

from nbkit.dialect.sql_text import literal
from nbkit.quality.expectation import Action, Expectation, Nulls
from nbkit.quality.naming import quoted
from nbkit.quality.on_figures import bounds
from nbkit.quality.ready_made import ready_made
from nbkit.quality.values import compared, one_of, plain_number, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nbkit.quality.naming import Named


class _How(TypedDict):
    action: Action
    threshold: float | str
    nulls: Nulls


@ready_made
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
    # the expectation itself reads the threshold, so that it tells all its problems at once
    return Expectation(name, predicate, action, cast("float", threshold), nulls)


@ready_made
def not_null(
    *columns: str, action: Action = "warn", threshold: float | str = 0.0, name: str = ""
) -> Expectation:
    """Expect values in all of these columns. NaN is a value."""

    def predicate(named: Named) -> str:
        return " and ".join(f"{named(column)} is not null" for column in columns)

    name = name or f"{'_'.join(columns)}_not_null"
    says = f"{' and '.join(columns)} {'is' if len(columns) == 1 else 'are'} not null"
    return _on(predicate, name, says, action=action, threshold=threshold)


@ready_made
def in_set(
    column: str,
    values: Iterable[Any],
    *,
    action: Action = "warn",
    threshold: float | str = 0.0,
    nulls: Nulls = "fail",
    name: str = "",
) -> Expectation:
    """Expect one of these values: text, numbers, booleans, dates or times.

    Raises:
        TypeError: SQL has no literal for a value, or a text is given instead of a list.
        ValueError: there are no values.
    """
    if isinstance(values, str):
        raise TypeError(f"{values!r} is one text; write a list of values")
    given = tuple(values)
    listed = ", ".join(literal(each) if isinstance(each, str) else shown(each) for each in given)
    name, says = name or f"{column}_in_set", f"{column} is one of {listed}"
    how: _How = {"action": action, "threshold": threshold, "nulls": nulls}
    return _on(lambda named: one_of(named(column), given), name, says, **how)


@ready_made
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
    """Expect a value from `low` to `high`, both included; None is no bound. NaN fails.

    Raises:
        TypeError: SQL has no literal for a bound.
        ValueError: a bound is NaN.
    """
    says = f"{column} is {bounds(low, high)}"

    def predicate(named: Named) -> str:
        found = [] if low is None else [compared(named(column), ">=", low)]
        found += [] if high is None else [compared(named(column), "<=", high)]
        if high is None and plain_number(low) is not None:  # to Spark, NaN is above all numbers
            found.append(f"not isnan(cast({named(column)} as double))")
        return " and ".join(found)

    how: _How = {"action": action, "threshold": threshold, "nulls": nulls}
    return _on(predicate, name or f"{column}_in_range", says, **how)


@ready_made
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
    name, says = name or f"{column}_matches", f"{column} matches {pattern}"
    how: _How = {"action": action, "threshold": threshold, "nulls": nulls}
    return _on(lambda named: f"{named(column)} rlike {literal(pattern)}", name, says, **how)


@ready_made
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

    def predicate(named: Named) -> str:
        names = [named(column) for column in own]
        chosen = ", ".join(map(quoted, there))
        found = f"({', '.join(names)}) in (select {chosen} from {table})"  # noqa: S608 - the author's own query
        missing = " or ".join(f"{each} is null" for each in names)
        return f"{missing} or {found}" if nulls == "pass" else found

    says = f"{'_'.join(own)} is in {table}"
    name = name or f"{'_'.join(own)}_in_{table.rsplit('.', 1)[-1]}"
    how: _How = {"action": action, "threshold": threshold, "nulls": nulls}
    return _on(predicate, name, says, **how)


def _on(
    predicate: Callable[[Named], str],
    name: str,
    says: str,
    *,
    action: Action,
    threshold: float | str,
    nulls: Nulls = "fail",
) -> Expectation:
    """Return an expectation whose columns are looked up in the table that it meets."""
    share = cast("float", threshold)
    return Expectation(name, predicate(quoted), action, share, nulls, says, on=predicate)


def _listed(columns: str | Iterable[str]) -> tuple[str, ...]:
    return (columns,) if isinstance(columns, str) else tuple(columns)
