"""Columns of files at every level, put together: properties over random columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proving import of_examples
from pyspark.sql import types as t

from nbkit.dialect.tokens import tokens
from nbkit.exact.nested_types import plain
from nbkit.pipelines.files import nested

NAMES = st.sampled_from(["a", "A", "b", "größe", "x y", "", "`", "element"])
LEAVES = st.sampled_from(
    [t.StringType(), t.LongType(), t.IntegerType(), t.DoubleType(), t.DateType(), t.BooleanType()]
)


def structs(inner, names=NAMES):
    fields = st.lists(st.tuples(names, inner), max_size=4, unique_by=lambda f: f[0].lower())
    return fields.map(lambda found: t.StructType([t.StructField(*each) for each in found]))


KINDS = st.recursive(
    LEAVES,
    lambda inner: (
        structs(inner)
        | inner.map(t.ArrayType)
        | inner.map(lambda kind: t.MapType(t.StringType(), kind))
    ),
    max_leaves=6,
)
COLUMNS = structs(KINDS)


def leaves(kind):
    if isinstance(kind, t.StructType):
        return [leaf for field in kind for leaf in leaves(field.dataType)]
    if isinstance(kind, t.ArrayType):
        return leaves(kind.elementType)
    return leaves(kind.valueType) if isinstance(kind, t.MapType) else [kind]


def lowered(columns):
    return {each.lower() for each in nested.paths(columns)}


def at_top(columns):
    return {field.name.lower(): field.dataType for field in columns}


@given(COLUMNS, COLUMNS)
@of_examples(200)
def test_nothing_is_lost_or_changed(first, then):
    """Together they have the columns of both; those of the first keep their place and type."""
    both = nested.together(first, then)
    assert at_top(both).keys() == at_top(first).keys() | at_top(then).keys()
    assert both.names[: len(first)] == first.names
    assert list(nested.clashes(first, both)) == []
    assert lowered(both) >= lowered(first)
    assert nested.together(both, then) == both
    assert nested.together(first, first) == first
    assert nested.together(first, t.StructType()) == first


@given(COLUMNS, COLUMNS)
@of_examples(200)
def test_columns_for_both(first, then):
    """The names and the types of what both can be read into do not depend on who comes first."""
    one, other = nested.of_all(first, then), nested.of_all(then, first)
    assert lowered(one) == lowered(other)
    assert list(nested.clashes(plain(one), plain(other))) == []
    assert nested.of_all(first, first) == first


@pytest.mark.parametrize(
    ("first", "then", "wanted"),
    [
        (t.ByteType(), t.LongType(), t.LongType()),
        (t.LongType(), t.DoubleType(), t.DoubleType()),
        (t.LongType(), t.DecimalType(5, 2), t.DecimalType(5, 2)),
        (t.DecimalType(5, 2), t.DecimalType(4, 3), t.DecimalType(6, 3)),
        (t.DecimalType(38, 0), t.DecimalType(38, 38), t.DoubleType()),
        (t.DateType(), t.TimestampType(), t.TimestampType()),
        (t.DateType(), t.LongType(), t.StringType()),
        (t.BooleanType(), t.LongType(), t.StringType()),
        (t.StructType(), t.StringType(), t.StringType()),
        (t.ArrayType(t.LongType()), t.LongType(), t.StringType()),
    ],
)
def test_the_type_that_takes_both(first, then, wanted):
    """Numbers widen; what has no type in common is text, which takes everything."""
    columns = [t.StructType([t.StructField("a", kind)]) for kind in (first, then)]
    assert nested.of_all(*columns)[0].dataType == wanted
    assert nested.of_all(*reversed(columns))[0].dataType == wanted


@pytest.mark.parametrize(
    ("first", "then", "wanted"),
    [
        ("string", "array<string>", "array<string>"),
        ("array<bigint>", "string", "array<string>"),
        ("string", "struct<b:bigint>", "struct<b:bigint,_VALUE:string>"),
        ("struct<_VALUE:bigint>", "string", "struct<_VALUE:bigint>"),
        ("array<string>", "struct<b:bigint>", "array<struct<b:bigint,_VALUE:string>>"),
        ("bigint", "string", "string"),
    ],
)
def test_xml_has_the_structure_of_both(first, then, wanted):
    """What is repeated once may always be; text beside attributes is in its tag."""
    kinds = {
        "string": t.StringType(),
        "bigint": t.LongType(),
        "array<string>": t.ArrayType(t.StringType()),
        "array<bigint>": t.ArrayType(t.LongType()),
        "struct<b:bigint>": t.StructType([t.StructField("b", t.LongType())]),
        "struct<_VALUE:bigint>": t.StructType([t.StructField("_VALUE", t.LongType())]),
    }
    columns = [t.StructType([t.StructField("a", kinds[kind])]) for kind in (first, then)]
    assert nested.of_xml(*columns)[0].dataType.simpleString() == wanted


@given(structs(KINDS, st.sampled_from(["a", "A", "b"])), st.data())
@of_examples(100)
def test_each_name_once(columns, data):
    """At every level, in whatever case; the first one stays, with its type."""
    doubled = t.StructType([*columns, *data.draw(COLUMNS)])
    once = nested.each_once(doubled)
    assert len(at_top(once)) == len(once)
    assert once.names[: len(columns)] == columns.names
    assert nested.each_once(once) == once


@given(COLUMNS)
@of_examples(100)
def test_only_texts(columns):
    """The structure stays, and every value is a text."""
    texts = nested.as_texts(columns)
    assert [*nested.paths(texts)] == [*nested.paths(columns)]
    assert set(leaves(texts)) <= {t.StringType()}


def test_what_an_author_said_is_marked():
    """On the columns, beside whatever else is said of them; and `plain` takes it away."""
    column = t.StructField("a", t.LongType(), False, {"comment": "x"})
    marked = nested.said(t.StructType([column]))
    assert marked[0].metadata == {"comment": "x", nested.SAID: True}
    assert plain(marked) == t.StructType([t.StructField("a", t.LongType())])


def test_hints_reach_what_is_inside(monkeypatch):
    """A field of a struct, of an array's structs, an element, a value; what is not there comes."""
    parsed = {"x INT": t.IntegerType(), "x DECIMAL(5, 2)": t.DecimalType(5, 2)}
    monkeypatch.setattr(
        t.StructType,
        "fromDDL",
        lambda ddl: t.StructType([t.StructField("x", parsed[ddl])]),
    )
    inner = t.StructType([t.StructField("b", t.StringType())])
    columns = t.StructType(
        [
            t.StructField("A", t.StringType(), True, {"comment": "kept"}),
            t.StructField("s", inner),
            t.StructField("l", t.ArrayType(inner)),
            t.StructField("m", t.MapType(t.StringType(), t.StringType())),
        ]
    )
    hints = "a INT, s.B DECIMAL(5, 2), l.b INT, m.value INT, `x y` INT, n.o INT,"
    found = nested.hinted(columns, hints)
    assert found.simpleString() == (
        "struct<a:int,s:struct<B:decimal(5,2)>,l:array<struct<b:int>>,m:map<string,int>,"
        "x y:int,n:struct<o:int>>"
    )
    assert found[0].metadata == {"comment": "kept", nested.SAID: True}
    with pytest.raises(Exception, match="schemaHints: a has no type"):
        nested.hinted(columns, "a")


def test_hints_are_cut_at_commas_of_their_own():
    """Not at those inside of a type."""
    text = "a MAP<STRING, ARRAY<INT>>, b DECIMAL(5, 2), `c, d` STRUCT<x: INT, y: INT>"
    parts = [text[part[0].start : part[-1].end] for part in nested._split(text)]
    assert parts == [
        "a MAP<STRING, ARRAY<INT>>",
        "b DECIMAL(5, 2)",
        "`c, d` STRUCT<x: INT, y: INT>",
    ]
    assert tokens("") == []
