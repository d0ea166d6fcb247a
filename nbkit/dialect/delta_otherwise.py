"""What Databricks' Delta does and the open one refuses, done in another way that keeps the meaning.

Spark is asked first: where a release learns one of these, its own answer is taken.
"""

from __future__ import annotations

import typing

from nbkit import foreign_errors
from nbkit.dialect.grammar import matched, name_parts
from nbkit.dialect.tokens import tokens

if typing.TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from nbkit.dialect.grammar import Found
    from nbkit.dialect.sql_call import GoOn, SqlCall

_CLONE = (
    "{before (CREATE|[CREATE OR] REPLACE) TABLE [IF NOT EXISTS] <name>} SHALLOW CLONE"
    " {rows <name> [(VERSION|TIMESTAMP) AS OF (<number>|<text>)]} [{at LOCATION <text>}]"
)
_NOT_NULL = "ALTER TABLE <table:name> (ALTER|CHANGE) [COLUMN] <column:name> (SET|DROP) NOT NULL"
_THERE = "DELTA_CONSTRAINT_ALREADY_EXISTS"


def with_delta_otherwise(call: SqlCall, go_on: GoOn) -> DataFrame:
    """Ask Spark; where its Delta refuses a clone or a `NOT NULL`, in the other way."""
    found = tokens(call.text)
    if (clone := matched(_CLONE, found)) and clone.is_all:
        return _cloned(clone, call, go_on)
    if (rule := matched(_NOT_NULL, found)) and rule.is_all:
        return _ruled(rule, call, go_on)
    return go_on(call)


def _cloned(clone: Found, call: SqlCall, go_on: GoOn) -> DataFrame:
    """Copy where no shallow clone can be made; one commit, as it would have been."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        return go_on(call)
    except (Py4JJavaError, PySparkException) as error:
        if not foreign_errors.NO_CLONE.said(str(error)):
            raise
    begin, end = clone.span("before")
    parts = [call.text[begin:end], "USING delta"]
    parts += [call.text[slice(*clone.span("at"))]] if "at" in clone else []
    parts += ["AS SELECT * FROM", call.text[slice(*clone.span("rows"))]]
    answer = go_on(call.saying(" ".join(parts)))
    print(
        "nbkit: copied the rows: Delta here makes no shallow clone over rows or of mapped columns"
    )
    return answer


def _ruled(rule: Found, call: SqlCall, go_on: GoOn) -> DataFrame:
    """Keep NULL out of a column by a constraint, which is checked as `NOT NULL` is."""
    from pyspark.errors import AnalysisException

    table = call.text[slice(*rule.span("table"))]
    column = call.text[slice(*rule.span("column"))]
    plain = "not_null_" + ".".join(name_parts(rule.of("column"))).lower()
    name = "`" + plain.replace("`", "``") + "`"
    if any(token.upper == "DROP" for token in rule.tokens[rule.end - 3 : rule.end]):
        told = go_on(call.saying(f"SHOW TBLPROPERTIES {table}")).collect()
        if any(row.key == f"delta.constraints.{plain}" for row in told):
            go_on(call.saying(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
        return go_on(call)
    try:
        return go_on(call)
    except AnalysisException as error:
        if not foreign_errors.NOT_TO_NULL.said(str(error)):
            raise
    check = f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL)"
    try:
        answer = go_on(call.saying(check))
    except AnalysisException as error:
        if error.getCondition() != _THERE:
            raise
        return call.spark.range(0).select()
    print(f"nbkit: the constraint {name} keeps NULL out: Delta here makes no column NOT NULL later")
    return answer
