"""`SELECT … FROM (DESCRIBE HISTORY t)`: what tells of tables as a table, which Spark has not."""

from __future__ import annotations

import typing
import uuid

from nbkit.dialect.grammar import matched
from nbkit.dialect.tokens import Edit, closing, edited, tokens

if typing.TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from nbkit.dialect.sql_call import GoOn, SqlCall

_TELLS = (
    "(FROM|JOIN|',') '(' ((DESCRIBE|DESC) (HISTORY|DETAIL|EXTENDED|FORMATTED|TABLE|<name>)"
    "|SHOW (TABLES|VIEWS|COLUMNS|PARTITIONS|SCHEMAS|DATABASES|CATALOGS|TBLPROPERTIES|FUNCTIONS))"
)


def places(statement: str) -> list[tuple[int, int]]:
    """Return from where to where statements reach that stand in parentheses as tables.

    Args:
        statement: one SQL statement.
    """
    found = tokens(statement)
    inside = [at + 1 for at in range(len(found)) if matched(_TELLS, found, at)]
    return [(found[at].end, found[closing(found, at)].start) for at in inside]


def with_described(call: SqlCall, go_on: GoOn) -> DataFrame:
    """Ask Spark; where it cannot read what tells of a table as a table, with its rows instead."""
    from pyspark.errors import ParseException

    try:
        return go_on(call)
    except ParseException:
        inner = places(call.text)
        if not inner:
            raise
    rows = [go_on(call.saying(call.text[begin:end])) for begin, end in inner]
    views = [f"nbkit_told_{uuid.uuid4().hex}" for _ in rows]
    for told, name in zip(rows, views, strict=True):
        told.createTempView(name)
    try:
        edits = [Edit(*at, f"TABLE {name}") for at, name in zip(inner, views, strict=True)]
        return go_on(call.saying(edited(call.text, edits)))
    finally:
        for name in views:
            call.spark.catalog.dropTempView(name)
