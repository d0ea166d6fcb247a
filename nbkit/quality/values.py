"""Values as SQL and people write them, exactly: no number passes through another type on its way.

A column of type FLOAT shows 0.7 for its value next to 0.7, and DOUBLE has another one next to it;
BIGINT and DECIMAL have numbers that no DOUBLE has. So a number of an author's is compared with a
column as what the column's type makes of the same digits, where there is such a value, and else as
the number that it is.
"""

from __future__ import annotations

import datetime as dt
import math
import struct
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from nbkit.dialect.sql_text import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Sign = Literal[">=", "<=", "="]
_MOST_DIGITS = 38
_MOST_PLACES = 18
"""Before and after the point: two decimals within these have a common type that loses nothing."""
_LONG = 2**63
_READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), int),
    **dict.fromkeys(("float", "double"), float),
    **dict.fromkeys(("timestamp", "timestamp_ntz"), dt.datetime.fromisoformat),
    "decimal": Decimal,
    "date": dt.date.fromisoformat,
    "boolean": "true".__eq__,
}
"""What reads the text that a cast makes of a value, by its type."""


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
    number = plain_number(value)
    if number is None:
        raise TypeError(f"{value!r} cannot be written in a SQL condition")
    return _number_literal(number)


def plain_number(value: Any) -> int | float | Decimal | None:
    """Return a number as one of Python's own (those of NumPy are not); None if it is none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float | Decimal):
        return value
    item = getattr(value, "item", None)
    found = item() if callable(item) and getattr(value, "shape", None) == () else None
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def compared(column: str, sign: Sign, value: Any) -> str:
    """Return the condition that a column stands so to a value; NULL where the column is.

    Args:
        column: as SQL has it.
        sign: `=`, `>=` or `<=`.
        value: text, number, boolean, date or time.

    Raises:
        TypeError: SQL has no literal for it.
    """
    exact = f"{column} {sign} {value_literal(value)}"
    number = plain_number(value)
    if number is None or not Decimal(number).is_finite():
        return exact
    nearest = (("float", _nearest_float(number)), ("double", _nearest_double(number)))
    cases = [
        f"when '{kind}' then {_floating(column, sign, kind, number, near)}"
        for kind, near in nearest
        if near is not None
    ]
    return f"case typeof({column}) {' '.join(cases)} else {exact} end" if cases else exact


def one_of(column: str, values: Iterable[Any]) -> str:
    """Return the condition that a column has one of some values; NULL where it is NULL.

    Raises:
        TypeError: SQL has no literal for one.
        ValueError: there are none.
    """
    tests: list[str] = []
    alike: dict[type, list[str]] = {}
    for value in values:
        test = compared(column, "=", value)
        plain = value_literal(value)
        if test == f"{column} = {plain}" and not isinstance(value, float | Decimal):
            alike.setdefault(type(value), []).append(plain)
        else:
            tests.append(test)
    tests = [*(f"{column} in ({', '.join(listed)})" for listed in alike.values()), *tests]
    if not tests:
        raise ValueError("there are no values to be one of")
    return tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"


def typed_text(expression: str) -> str:
    """Return the SQL of a value's text with its type, which `typed` reads; NULL of NULL."""
    return f"concat(typeof({expression}), '\\n', cast(({expression}) as string))"


def typed(text: str | None) -> Any:
    """Return the value that `typed_text` wrote: a number exactly, a date, a time, or the text."""
    if text is None:
        return None
    kind, _, value = text.partition("\n")
    read: Callable[[str], Any] = _READERS.get(kind.partition("(")[0], str)
    return read(value)


def within(value: Any, low: Any, high: Any) -> bool:
    """Whether a figure is within bounds, both included; NULL and NaN are not.

    Raises:
        TypeError: the figure and a bound cannot be compared.
    """
    if value is None or _is_nan(value):
        return False
    above = low is None or _for(value, low) <= value
    return bool(above and (high is None or value <= _for(value, high)))


def agree(one: Any, other: Any, allowed: float = 0.0) -> bool:
    """Whether two figures are the same, or numbers that differ by no more than a share.

    Numbers are compared exactly; one of type DOUBLE is compared with others as a DOUBLE.

    Args:
        one: a figure.
        other: the figure that the share is of.
        allowed: share of it by which they may differ.
    """
    if one is None or other is None:
        return one is None and other is None
    if _is_nan(one) or _is_nan(other):
        return _is_nan(one) and _is_nan(other)
    if isinstance(one, float) is not isinstance(other, float):
        one, other = (
            float(each) if isinstance(each, int | Decimal) else each for each in (one, other)
        )
    if one == other:
        return True
    if not allowed or not all(_is_finite(each) for each in (one, other)):
        return False
    return abs(Fraction(one) - Fraction(other)) <= Fraction(str(allowed)) * abs(Fraction(other))


def shown(value: Any) -> str:
    """Return a measured figure for people."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
        return f"{value:,.0f}" if value.is_integer() and abs(value) < _LONG else f"{value:,.6g}"
    if isinstance(value, Decimal):
        return f"{value:,f}" if value.is_finite() else str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "NULL" if value is None else str(value)


def told_apart(values: Sequence[Any]) -> list[str]:
    """Return figures for people, with all their digits where they would look alike otherwise."""
    short = [shown(value) for value in values]
    return short if len({*short}) == len(short) else [str(value) for value in values]


def _number_literal(number: float | Decimal) -> str:
    """Return a number as SQL's literal with exactly these digits."""
    if isinstance(number, int):
        return str(number) if -_LONG <= number < _LONG else _decimal_or_double(Decimal(number))
    if isinstance(number, float):
        if not math.isfinite(number):
            return f"double('{shown(number)}')"
        return _decimal_or_double(Decimal(repr(number)))
    if not number.is_finite():
        return f"double('{shown(float(number))}')"
    return _decimal_or_double(number)


def _decimal_or_double(number: Decimal) -> str:
    text = f"{number:f}"
    before, _, after = text.lstrip("-").partition(".")
    after = after.rstrip("0")
    short = f"{'-' if number < 0 else ''}{before}{'.' if after else ''}{after}"
    if len(after) <= _MOST_PLACES and len(before) <= _MOST_DIGITS - _MOST_PLACES:
        return f"{short}BD"
    if not after and len(before) <= _MOST_DIGITS:
        return f"{short}BD"
    return f"cast('{number}' as double)"


def _nearest_float(number: float | Decimal) -> float | None:
    """Return the FLOAT next to a number; None where it is that number, or where there is none."""
    try:
        near = struct.unpack("f", struct.pack("f", float(number)))[0]
    except OverflowError:
        return None
    return None if Fraction(near) == Fraction(number) else float(near)


def _nearest_double(number: float | Decimal) -> float | None:
    """Return the DOUBLE next to a number; None where SQL would take that one anyway."""
    try:
        near = float(number)
    except OverflowError:
        return None
    return None if math.isinf(near) or Decimal(repr(near)) == _digits(number) else near


def _digits(number: float | Decimal) -> Decimal:
    """Return a number as the digits that its author has written."""
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)


def _text_of_float(value: float) -> str:
    """Return the fewest digits that tell a FLOAT from all others."""
    for digits in range(6, 9):
        text = f"{value:.{digits}g}"
        if struct.pack("f", float(text)) == struct.pack("f", value):
            return text
    return f"{value:.9g}"


def _floating(column: str, sign: Sign, kind: str, number: float | Decimal, near: float) -> str:
    """Return the condition for a column of a floating type, of which `near` is the next value."""
    text = _text_of_float(near) if kind == "float" else repr(near)
    there = f"cast('{text}' as {kind})"
    if Decimal(text) == _digits(number):  # the type's own value for these digits
        return f"{column} {sign} {there}"
    if sign == "=":
        return f"{column} <> {column}"  # no value of the type is this number
    below = Fraction(near) < Fraction(number)
    if sign == ">=":
        return f"{column} {'>' if below else '>='} {there}"
    return f"{column} {'<=' if below else '<'} {there}"


def _for(value: Any, bound: Any) -> Any:
    """Return a bound as what it is next to a figure of this type."""
    if isinstance(bound, str) and isinstance(value, dt.date):
        return _for(value, dt.datetime.fromisoformat(bound))
    if isinstance(value, float) and isinstance(bound, Decimal):
        return float(bound)
    if isinstance(value, int | Decimal) and isinstance(bound, float) and math.isfinite(bound):
        return _digits(bound)
    if isinstance(bound, dt.date) and isinstance(value, dt.date):
        return _day_or_time(value, bound)
    return bound


def _day_or_time(value: dt.date, bound: dt.date) -> dt.date:
    if isinstance(value, dt.datetime) and not isinstance(bound, dt.datetime):
        return dt.datetime(bound.year, bound.month, bound.day, tzinfo=value.tzinfo)
    if isinstance(bound, dt.datetime) and not isinstance(value, dt.datetime):
        return bound.date()
    return bound


def _is_nan(value: Any) -> bool:
    return isinstance(value, float | Decimal) and value != value  # noqa: PLR0124 - so NaN is told


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and Decimal(value).is_finite()
