"""Values of Python in columns of other types; the measure is Arrow, as in Spark Connect."""

from __future__ import annotations

import enum
import typing
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import Row, functions
from pyspark.sql import types as T  # noqa: N812 - everybody's name for it
from pyspark.sql.types import _make_type_verifier

from nbkit.dialect.function_names import OLDER, with_older
from nbkit.dialect.local_rows import fit_for

KINDS = [
    (T.ByteType(), pa.int8()),
    (T.IntegerType(), pa.int32()),
    (T.LongType(), pa.int64()),
    (T.FloatType(), pa.float32()),
    (T.DoubleType(), pa.float64()),
    (T.BooleanType(), pa.bool_()),
    (T.StringType(), pa.string()),
]
NUMBERS = st.one_of(
    st.integers(-(1 << 65), 1 << 65),
    st.sampled_from([1 << 24, (1 << 24) + 1, 1 << 53, (1 << 53) + 1, -(1 << 53)]),
    st.floats(),
    st.booleans(),
    st.integers(-100, 100).map(np.int16),
    st.floats(width=32).map(np.float32),
    st.booleans().map(np.bool_),
    st.decimals(allow_nan=False, allow_infinity=False, places=2),
    st.none(),
)


def takes(kind, value):
    """Say whether PySpark takes a value into a column."""
    try:
        _make_type_verifier(kind)(value)
    except (TypeError, ValueError):
        return False
    return True


@given(st.sampled_from(KINDS[:6]), NUMBERS)
def test_what_goes_in_is_what_arrow_takes_without_a_loss(kinds, value):
    """And then it is the same; all else PySpark refuses as before."""
    kind, arrow = kinds
    fit = fit_for(kind)(value)
    if not takes(kind, fit) or fit is None:
        assert fit == value or fit != fit  # noqa: PLR0124 - NaN
        return
    try:
        taken = pa.array([value], arrow)[0].as_py()
    except pa.ArrowInvalid:  # a float of Python's own may be longer than FLOAT
        assert isinstance(value, (float, np.floating))
        return
    assert taken == pa.array([fit], arrow)[0].as_py() or fit != fit  # noqa: PLR0124 - NaN
    assert fit == value or fit != fit  # noqa: PLR0124


class Pair(typing.NamedTuple):
    a: float
    b: str


class Colour(enum.IntEnum):
    RED = 3


@pytest.mark.parametrize(
    ("kind", "value", "becomes"),
    [
        (T.DoubleType(), 1, 1.0),
        (T.ArrayType(T.DoubleType()), [1, None, 2.5], [1.0, None, 2.5]),
        (T.MapType(T.StringType(), T.FloatType()), {"x": 1}, {"x": 1.0}),
        (T.StructType().add("b", "double").add("c", "long"), (1, np.int64(2)), (1.0, 2)),
        (T.IntegerType(), Colour.RED, 3),
        (T.IntegerType(), 1.5, 1.5),
        (T.IntegerType(), True, True),
        (T.StringType(), date(2024, 1, 2), "2024-01-02"),
        (T.StringType(), b"x", "b'x'"),
        (T.StringType(), np.str_("x"), "x"),
        (T.StringType(), [1], [1]),
        (T.TimestampType(), pd.Timestamp("2024-01-02"), datetime(2024, 1, 2)),  # noqa: DTZ001
        (T.TimestampType(), None, None),
        (T.DoubleType(), "1", "1"),
        (T.DecimalType(5, 2), Decimal(1), Decimal(1)),
    ],
)
def test_values_in_columns(kind, value, becomes):
    """To any depth; what does not fit stays, and PySpark says so."""
    fit = fit_for(T.StructType().add("a", kind).add("z", T.BinaryType()))
    fitted = fit((value, b""))[0] if fit else value
    assert repr(fitted) == repr(becomes)


def test_rows_of_every_shape_stay_what_they_are():
    """Tuples, lists, dictionaries, rows with names; of another length PySpark refuses them."""
    fit = fit_for(T.StructType().add("a", "double").add("b", "string"))
    row = Row(a=1, b="x")
    assert repr(fit((1, "x"))) == "(1.0, 'x')"
    assert repr(fit([1, None])) == "[1.0, None]"
    assert repr(fit({"b": "x", "a": 1, "c": 1})) == "{'b': 'x', 'a': 1.0, 'c': 1}"
    assert repr(fit(Pair(1, "x"))) == "Pair(a=1.0, b='x')"
    assert repr(fit(row)) == "Row(a=1.0, b='x')"
    assert fit(row).asDict() == {"a": 1.0, "b": "x"}
    assert fit((1,)) == (1,)
    assert fit_for(T.StructType().add("a", "binary")) is None


def test_older_names_of_functions_come_with_a_star():
    """Each is there under the name, and what Python has under it is not hidden."""
    listed = with_older(["col"])
    assert listed == ["col", *OLDER]
    assert with_older(listed) == listed
    assert all(callable(getattr(functions, name)) for name in OLDER)
    assert not set(OLDER) & set(dir(__builtins__))
