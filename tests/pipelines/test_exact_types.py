"""Whether a value is the same value in another type: held against numbers themselves."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from proving import of_examples
from pyspark.sql import types as t

from nbkit.errors import UsageError
from nbkit.exact.exact_types import check, differences, widened

BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
WHOLE = {
    "tinyint": t.ByteType(),
    "smallint": t.ShortType(),
    "int": t.IntegerType(),
    "bigint": t.LongType(),
}
FRACTIONS = {"float": t.FloatType(), "double": t.DoubleType()}


def decimals():
    return st.integers(1, 38).flatmap(
        lambda digits: st.integers(0, digits).map(lambda scale: t.DecimalType(digits, scale))
    )


def extremes(kind):
    """The values of a type that are the first to be changed somewhere else."""
    name = kind.simpleString()
    if name in BITS:
        half = 2 ** (BITS[name] - 1)
        return [Decimal(each) for each in (-half, half - 1, 0, 2**53 + 1) if -half <= each < half]
    largest = Decimal((0, (9,) * kind.precision, -kind.scale))
    step = Decimal((0, (1,), -kind.scale))
    return [largest, largest.copy_negate(), step, Decimal(0)]


def survives(value, kind):
    """Whether a number is the same number in a type; of a fraction, whether it comes back."""
    name = kind.simpleString()
    if name in BITS:
        half = 2 ** (BITS[name] - 1)
        return value == value.to_integral_value() and -half <= value < half
    if name in FRACTIONS:
        kept = float(value) if name == "double" else np.float32(str(value))
        return Decimal(repr(float(kept)) if name == "double" else str(kept)) == value
    written = f"{value:f}".strip("-0") if "." in f"{value:f}" else f"{value:f}.".strip("-0")
    before, _, after = written.partition(".")
    return len(after) <= kind.scale and len(before) <= kind.precision - kind.scale


def fit_of(have, want):
    found = [each.fit for each in differences(have, want, ("x",))]
    return found[0] if found else "exact"


@given(st.sampled_from([*WHOLE.values()]) | decimals(), st.data())
@of_examples(300)
def test_numbers(have, data):
    """What is called exact is so for every value; whole numbers that are by value, not for all."""
    want = data.draw(st.sampled_from([*WHOLE.values(), *FRACTIONS.values()]) | decimals())
    fit = fit_of(have, want)
    kept = [survives(value, want) for value in extremes(have)]
    if fit == "exact":
        assert all(kept)
    elif have.simpleString() in WHOLE:
        assert not all(kept)
    if fit == "lossy" and want.simpleString() not in FRACTIONS:
        assert not survives(extremes(have)[2], want)  # the smallest step: rounded, whatever it is


@pytest.mark.parametrize(
    ("have", "want", "fit"),
    [
        (t.NullType(), t.LongType(), "exact"),
        (t.LongType(), t.StringType(), "exact"),
        (t.DecimalType(5, 2), t.StringType(), "exact"),
        (t.BooleanType(), t.StringType(), "exact"),
        (t.DateType(), t.StringType(), "exact"),
        (t.TimestampType(), t.StringType(), "lossy"),
        (t.BinaryType(), t.StringType(), "lossy"),
        (t.StringType(), t.LongType(), "lossy"),
        (t.StringType(), t.VarcharType(3), "by value"),
        (t.VarcharType(3), t.StringType(), "exact"),
        (t.LongType(), t.VarcharType(3), "lossy"),
        (t.BooleanType(), t.IntegerType(), "lossy"),
        (t.IntegerType(), t.BooleanType(), "lossy"),
        (t.FloatType(), t.DoubleType(), "exact"),
        (t.DoubleType(), t.FloatType(), "lossy"),
        (t.DoubleType(), t.DecimalType(38, 10), "lossy"),
        (t.DecimalType(38, 18), t.DecimalType(10, 2), "by value"),
        (t.DecimalType(20, 2), t.DoubleType(), "by value"),
        (t.DecimalType(38, 18), t.IntegerType(), "lossy"),
        (t.LongType(), t.DoubleType(), "by value"),
        (t.DateType(), t.TimestampType(), "exact"),
        (t.TimestampType(), t.DateType(), "lossy"),
        (t.TimestampType(), t.TimestampNTZType(), "lossy"),
        (t.LongType(), t.TimestampType(), "lossy"),
        (t.ArrayType(t.LongType()), t.StringType(), "lossy"),
        (t.StructType(), t.StringType(), "lossy"),
    ],
)
def test_other_types(have, want, fit):
    """What Spark would store, less all that rounds or cuts."""
    assert fit_of(have, want) == fit


def struct(**fields):
    return t.StructType([t.StructField(name, kind) for name, kind in fields.items()])


def test_differences_at_every_level():
    """By name in any case, through structs, arrays and maps; what one side lacks is none."""
    inner = struct(A=t.LongType(), more=t.StringType())
    have = struct(
        S=inner,
        l=t.ArrayType(inner),
        m=t.MapType(t.LongType(), inner),
        same=t.StringType(),
    )
    less = struct(a=t.IntegerType(), other=t.StringType())
    want = struct(
        s=less,
        L=t.ArrayType(less),
        M=t.MapType(t.StringType(), less),
        same=t.StringType(),
    )
    assert [str(each) for each in differences(have, want)] == [
        "s.a would turn bigint into int",
        "L.element.a would turn bigint into int",
        "M.key would turn bigint into string",
        "M.value.a would turn bigint into int",
    ]
    assert list(differences(have, have)) == []


def test_what_would_change_a_value_is_refused():
    """Each such column, with both types; a value at a time is left to the write, where it can."""
    table = struct(n=t.IntegerType(), d=t.DateType(), s=struct(a=t.IntegerType()))
    check(struct(N=t.LongType(), new=t.StringType()), table, "its table", "")
    check(struct(), table, "its table", "")
    with pytest.raises(UsageError) as error:
        check(struct(n=t.DoubleType(), D=t.TimestampType()), table, "its table", "or do not")
    assert str(error.value) == (
        "column n would turn double into int; column d would turn timestamp into date, "
        "as its table has it: cast it in the query, or do not"
    )
    fewer = struct(s=struct(a=t.LongType(), b=t.LongType()))
    with pytest.raises(UsageError, match=r"column s\.a would turn bigint into int"):
        check(fewer, table, "its table", "")  # the writer adds b, and casts without asking


def test_delta_widens_within_a_family():
    """Whole numbers, fractions, decimals; never from one to another, and never narrower."""
    have = struct(
        a=t.IntegerType(),
        b=t.FloatType(),
        c=t.DecimalType(5, 2),
        d=t.LongType(),
        e=t.IntegerType(),
        f=t.StringType(),
    )
    come = struct(
        A=t.LongType(),
        b=t.DoubleType(),
        c=t.DecimalType(7, 2),
        d=t.IntegerType(),
        e=t.DoubleType(),
        g=t.LongType(),
    )
    assert widened(have, come).simpleString() == (
        "struct<a:bigint,b:double,c:decimal(7,2),d:bigint,e:int,f:string>"
    )
    assert widened(struct(c=t.DecimalType(5, 2)), struct(c=t.DecimalType(5, 1))) == struct(
        c=t.DecimalType(5, 2)
    )


def test_delta_widens_at_every_level():
    """Of what both have: parts that only come are the writer's to add, and parts that stay stay."""
    have = struct(
        s=struct(n=t.IntegerType(), stays=t.StringType()),
        many=t.ArrayType(t.FloatType()),
        m=t.MapType(t.StringType(), t.ShortType()),
        day=t.DateType(),
    )
    come = struct(
        s=struct(N=t.LongType(), more=t.LongType()),
        many=t.ArrayType(t.DoubleType()),
        m=t.MapType(t.StringType(), t.StringType()),
        day=t.TimestampNTZType(),
    )
    assert widened(have, come).simpleString() == (
        "struct<s:struct<n:bigint,stays:string>,many:array<double>,"
        "m:map<string,smallint>,day:timestamp_ntz>"
    )
