"""What a SQL task tells the run of its rows."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal

import pytest

from nbkit.toolkit.sql_task import told
from nbkit.toolkit.table import Table
from nbkit.wire import OUTPUT_BYTES, OUTPUT_ROWS


def table(*rows, columns=("x",), more=False):
    return Table(tuple((name, "string") for name in columns), rows, more)


@pytest.mark.parametrize(
    ("value", "as_json"),
    [
        (1, 1),
        (True, True),
        (None, None),
        ("é", "é"),
        (0.5, 0.5),
        (float("nan"), "nan"),
        (Decimal("1.10"), "1.10"),
        (Decimal("1E+3"), "1000"),
        (date(2013, 1, 2), "2013-01-02"),
        (datetime(2013, 1, 2, 3, 4, 5), "2013-01-02 03:04:05"),  # noqa: DTZ001 as Spark gives it
        (bytearray(b"ab"), "YWI="),
        ([Decimal(1), None], ["1", None]),
        ({1: date(2013, 1, 2)}, {"1": "2013-01-02"}),
    ],
)
def test_values(value, as_json):
    """What JSON knows keeps its type; all else is text."""
    assert told(table([value]))["rows"] == [{"x": as_json}]


def test_a_small_result_is_told_whole():
    """By column, in order."""
    found = told(table((1, "a"), (2, "b"), columns=("n", "t")))
    assert found["rows"] == [{"n": 1, "t": "a"}, {"n": 2, "t": "b"}]
    assert found["columns"] == ["n", "t"]
    assert not found["more"]


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ([(1,)] * OUTPUT_ROWS, OUTPUT_ROWS),
        ([(1,)] * (OUTPUT_ROWS + 1), OUTPUT_ROWS),
        ([("a" * 1000,)] * 48, 48),
        ([("a" * 1024,)] * 48, 47),
        ([("é" * 512,)] * 48, 47),
        ([("a" * 50_000,), (1,)], 0),
    ],
)
def test_the_limits(rows, kept):
    """1,000 rows and 48 KiB of JSON; that there were others is told too."""
    found = told(table(*rows))
    assert len(found["rows"]) == kept
    assert found["more"] == (kept < len(rows))
    assert len(json.dumps(found["rows"], ensure_ascii=False).encode()) <= OUTPUT_BYTES


def test_what_was_not_fetched_counts_as_more():
    """The table knows that it has further rows."""
    assert told(table((1,), more=True))["more"]
