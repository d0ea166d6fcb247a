"""Parts of types side by side, at every level: properties over random types."""

from __future__ import annotations

import pytest
from hypothesis import given
from pipelines.test_nested import KINDS
from proving import of_examples
from pyspark.sql import types as t

from nbkit.errors import UsageError
from nbkit.exact.exact_types import differences, have_same_parts, together
from nbkit.exact.nested_types import inside, matched, merged, of_parts, parts_of, plain
from nbkit.pipelines.resolve.columns import united


def struct(**fields):
    return t.StructType([t.StructField(name, kind) for name, kind in fields.items()])


@given(KINDS)
@of_examples(200)
def test_a_type_is_its_parts(kind):
    """Taken apart and put together it is the same one; only those without parts have none."""
    parts = parts_of(kind)
    if parts is None:
        assert not isinstance(kind, t.StructType | t.ArrayType | t.MapType)
        assert inside(kind, plain) == kind
        return
    assert of_parts(kind, parts) == kind
    assert plain(kind) == kind  # all of these may be null
    assert matched(kind, kind) == [(part, part) for part in parts]


@given(KINDS, KINDS)
@of_examples(200)
def test_what_both_have_stands_side_by_side(first, then):
    """No part is left out or stands there twice, and the first one's order is kept."""
    pairs = matched(first, then)
    if pairs is None:
        assert type(first) is not type(then) or parts_of(first) is None
        return
    assert [ours for ours, _ in pairs if ours is not None] == parts_of(first)
    theirs = {each.name for _, each in pairs if each is not None}
    assert theirs == {part.name for part in parts_of(then)}
    for ours, other in pairs:
        assert ours is None or other is None or ours.name.lower() == other.name.lower()


@given(KINDS, KINDS)
@of_examples(200)
def test_together_with_itself(first, then):
    """What both are put together to has the parts of both, and changes no more."""
    both = merged(first, then, lambda ours, *_: ours)
    assert merged(both, then, lambda ours, *_: ours) == both
    assert have_same_parts(both, both)
    assert not list(differences(first, both))


def test_a_column_takes_what_comes_or_says_why_not():
    """At every level: the type it has where that holds the values, or a wider one if it may."""
    have = struct(
        a=t.LongType(), l=t.ArrayType(t.IntegerType()), m=t.MapType(t.StringType(), t.FloatType())
    )
    come = struct(
        A=t.IntegerType(),
        l=t.ArrayType(t.LongType()),
        m=t.MapType(t.StringType(), t.DoubleType()),
        new=t.DateType(),
    )
    wider = struct(
        a=t.LongType(),
        l=t.ArrayType(t.LongType()),
        m=t.MapType(t.StringType(), t.DoubleType()),
        new=t.DateType(),
    )
    assert together(have, come, "s", widens=True) == wider
    with pytest.raises(UsageError, match=r"^column s\.m\.value is double now, and float in the"):
        together(have, come, "s", widens=False)
    assert together(t.IntegerType(), t.LongType(), "n", widens=False) == t.IntegerType()
    assert together(have, t.NullType(), "s", widens=False) == have
    with pytest.raises(UsageError, match="column n is string now, and int in the table"):
        together(t.IntegerType(), t.StringType(), "n", widens=True)


def test_a_table_of_a_query_takes_nulls_at_every_level():
    """That a query's first rows have none demands nothing of later ones, and of other flows."""
    inner = t.StructType([t.StructField("x", t.IntegerType(), False, {"comment": "c"})])
    never = t.StructType([t.StructField("s", t.ArrayType(inner, False), False)])
    always = t.StructType([t.StructField("s", t.ArrayType(struct(x=t.IntegerType())))])
    field = united([never, always])["s"]
    assert plain(field.dataType) == always["s"].dataType
    assert field.nullable
    assert field.dataType.elementType["x"].metadata == {"comment": "c"}
