"""Values as SQL and people write them: exactly."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import pytest

from nbkit.quality.naming import quoted
from nbkit.quality.values import (
    agree,
    compared,
    one_of,
    shown,
    told_apart,
    typed,
    value_literal,
    within,
)

DAY, TIME = dt.date(2024, 1, 2), dt.datetime(2024, 1, 2, 3)  # noqa: DTZ001 - as Spark returns it
LONG = 9_007_199_254_740_993
"""A BIGINT next to which no DOUBLE is."""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((1, "1"), (-1, "-1"), (0.5, "0.5BD"), (1e6, "1000000BD"), (True, "true")),
        *((2**63, "9223372036854775808BD"), (Decimal("1.10"), "1.1BD"), (10**38, "cast('1000")),
        *((math.inf, "double('Infinity')"), (-math.inf, "double('-Infinity')")),
        *((1e-30, "cast('1E-30' as double)"), (1e300, "cast('1E+300' as double)")),
        *(
            ("it's", r"'it\'s'"),
            (DAY, "date'2024-01-02'"),
            (TIME, "timestamp'2024-01-02 03:00:00'"),
        ),
    ],
)
def test_literals(value, text):
    """Numbers keep their digits: none becomes a DOUBLE that had no need to."""
    assert value_literal(value).startswith(text)


@pytest.mark.parametrize(
    ("sign", "value", "text"),
    [
        (">=", 5, "x >= 5"),
        ("=", "a", "x = 'a'"),
        ("<=", 0.5, "x <= 0.5BD"),
        ("=", 0.1, "case typeof(x) when 'float' then x = cast('0.1' as float) else x = 0.1BD end"),
        (
            ">=",
            LONG,
            (
                "case typeof(x) when 'float' then x > cast('9.007199e+15' as float) "
                f"when 'double' then x > cast('9007199254740992.0' as double) else x >= {LONG} end"
            ),
        ),
    ],
)
def test_conditions(sign, value, text):
    """A floating column is compared with its own value of these digits, or with the number."""
    assert compared("x", sign, value) == text


def test_a_number_that_a_type_has_not_is_nowhere_in_it():
    assert "when 'double' then x <> x" in compared("x", "=", LONG)
    assert "when 'float' then x <> x" in compared("x", "=", 0.12345678901)


def test_sets():
    """Values of one kind are a list; numbers with a fraction are compared one by one."""
    assert one_of("x", ["a", "b"]) == "x in ('a', 'b')"
    assert one_of("x", [1, "a"]) == "(x in (1) or x in ('a'))"
    assert one_of("x", [1, 0.5]) == "(x in (1) or x = 0.5BD)"
    with pytest.raises(ValueError, match="no values"):
        one_of("x", [])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((None, None), ("bigint\n5", 5), ("decimal(20,2)\n1.10", Decimal("1.10"))),
        *(("double\n1.5", 1.5), ("double\nInfinity", math.inf), ("boolean\ntrue", True)),
        *(
            ("date\n2024-01-02", DAY),
            ("timestamp\n2024-01-02 03:00:00", TIME),
            ("string\na\nb", "a\nb"),
        ),
    ],
)
def test_figures_come_back_as_they_are(text, value):
    assert typed(text) == value


@pytest.mark.parametrize(
    ("value", "low", "high", "holds"),
    [
        *((5, 5, 5, True), (None, None, None, False), (math.nan, None, None, False)),
        *((Decimal("NaN"), 0, None, False), (LONG, None, LONG - 1, False)),
        *((LONG, None, float(LONG - 1), False), (Decimal("0.1"), 0.1, 0.1, True)),
        *((0.1, Decimal("0.1"), Decimal("0.1"), True), (math.inf, 0, None, True)),
        *((math.inf, 0, 1e308, False), (-math.inf, None, 0, True), (DAY, DAY, TIME, True)),
        *((TIME, DAY, None, True), (TIME, None, DAY, False), (DAY, "2024-01-01", None, True)),
    ],
)
def test_bounds(value, low, high, holds):
    """Exact, and both included; no number is none."""
    assert within(value, low, high) is holds


@pytest.mark.parametrize(
    ("one", "other", "allowed", "same"),
    [
        (LONG, LONG - 1, 0, False),
        (Decimal("9007199254740991.01"), Decimal("9007199254740991.02"), 0, False),
        (Decimal("1.10"), Decimal("1.1"), 0, True),
        (1, 1.0, 0, True),
        (Decimal("0.1"), 0.1, 0, True),
        (None, None, 0, True),
        (None, 0, 1, False),
        (math.nan, math.nan, 0, True),
        (math.nan, 1.0, 1, False),
        (math.inf, math.inf, 0, True),
        (math.inf, 1.0, 1, False),
        (99, 100, 0.01, True),
        (98, 100, 0.01, False),
        (Decimal("0.99"), Decimal(1), 0.01, True),
        (DAY, DAY, 0, True),
        ("a", "b", 1, False),
    ],
)
def test_figures_agree(one, other, allowed, same):
    assert agree(one, other, allowed) is same


def test_figures_are_told_with_the_digits_that_differ():
    assert (shown(1234), shown(1234.5), shown(Decimal("1234.50"))) == (
        "1,234",
        "1,234.5",
        "1,234.50",
    )
    assert (shown(None), shown(math.nan), shown(-math.inf)) == ("NULL", "NaN", "-Infinity")
    assert told_apart([0.1, 0.1 + 1e-12]) == ["0.1", "0.10000000000100001"]


def test_names_keep_their_back_ticks():
    assert quoted("a`b") == "`a``b`"
