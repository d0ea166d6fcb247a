"""Names of columns, against the columns that there are."""

from __future__ import annotations

import pytest
from pyspark.sql.types import ArrayType, IntegerType, MapType, StringType, StructField, StructType

from nbkit.quality.naming import Columns, UnknownColumnError

INT, TEXT = IntegerType(), StringType()
SCHEMA = StructType(
    [
        StructField("id", INT),
        StructField("Last, First", TEXT),
        StructField("a.b", INT),
        StructField("a", StructType().add("b", INT).add("c.d", INT).add("e`f", INT)),
        StructField("many", ArrayType(StructType().add("x", INT))),
        StructField("byKey", MapType(TEXT, StructType().add("y", INT))),
        StructField("été 雪", INT),
    ]
)


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        *(("id", "`id`"), ("ID", "`ID`"), ("Last, First", "`Last, First`"), ("été 雪", "`été 雪`")),
        *(("a.b", "`a.b`"), ("`a`.`b`", "`a`.`b`"), ("A.B", "`A.B`"), ("a.`c.d`", "`a`.`c.d`")),
        *(("a.`e``f`", "`a`.`e``f`"), ("many.x", "`many`.`x`"), ("byKey.k.y", "`byKey`.`k`.`y`")),
    ],
)
def test_a_name_is_a_column_and_else_a_path(name, sql):
    """Capitals do not matter, and a column of that whole name comes first."""
    assert Columns(SCHEMA)(name) == sql


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("idd", "nearest: id"),
        ("a.bb", "nearest: a"),
        ("a.", ""),
        ("`a", ""),
        ("", ""),
        ("a..b", ""),
    ],
)
def test_what_is_not_there_is_said(name, near):
    with pytest.raises(UnknownColumnError, match=f"no column {name}.*{near}"):
        Columns(SCHEMA)(name)


def test_capitals_matter_where_spark_is_told_so():
    with pytest.raises(UnknownColumnError, match="nearest: id"):
        Columns(SCHEMA, exactly=True)("ID")
