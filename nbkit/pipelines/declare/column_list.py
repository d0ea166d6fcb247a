"""Columns that an author declares: types, NOT NULL, comments, generated ones, and keys.

Spark's own parser reads them, as of a table. How Delta fills a column itself stands in the column's
metadata, under Delta's own names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.pipelines.scala import java_class, option, sequence

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.types import StructField, StructType

_DELTA = "delta."
_GENERATED = "delta.generationExpression"
_IDENTITY = "delta.identity."
_KEYS = {"PrimaryKeyConstraint": "PRIMARY KEY", "ForeignKeyConstraint": "FOREIGN KEY"}


@dataclass(frozen=True, slots=True)
class ColumnList:
    """Declared columns.

    Attributes:
        columns: a `StructType`.
        keys: constraints that inform people and nobody enforces, as they are called.
    """

    columns: StructType
    keys: tuple[str, ...] = ()


def generated_by(field: StructField) -> str | None:
    """Return the SQL expression that makes a column; None for a column that a query makes."""
    expression = field.metadata.get(_GENERATED)
    return None if expression is None else str(expression)


def is_identity(field: StructField) -> bool:
    """Say whether Delta counts a column up by itself."""
    return f"{_IDENTITY}step" in field.metadata


def fills_itself(field: StructField) -> bool:
    """Say whether a query need not have a column."""
    return generated_by(field) is not None or is_identity(field)


def takes_no_value(field: StructField) -> bool:
    """Say whether a query must not have a column: GENERATED ALWAYS AS IDENTITY."""
    return is_identity(field) and not field.metadata.get(f"{_IDENTITY}allowExplicitInsert")


def metadata_of(field: StructField) -> dict[str, Any]:
    """Return what is said of a column, without how Delta fills it."""
    return {name: value for name, value in field.metadata.items() if not name.startswith(_DELTA)}


def read_columns(text: str, spark: SparkSession) -> ColumnList:
    """Read columns as they are written between the parentheses of CREATE TABLE.

    Raises:
        UsageError: they cannot be read, or say what tables of pipelines do not have.
    """
    from pyspark.errors import ParseException
    from pyspark.sql.types import StructType

    parser = spark._jsparkSession.sessionState().sqlParser()  # noqa: SLF001 - there is no other way
    try:
        plan = parser.parsePlan(f"CREATE TABLE t ({text}) USING delta")
    except ParseException as error:
        try:
            return ColumnList(StructType.fromDDL(text))  # `a: int`, as people write it for Python
        except ParseException:
            raise UsageError(str(error).strip().splitlines()[0]) from None
    return listed(sequence(plan.columns()), sequence(plan.tableSpec().constraints()))


def listed(columns: list[Any], constraints: list[Any] | None = None) -> ColumnList:
    """Return the columns that Spark's parser has read.

    Raises:
        UsageError: one says what tables of pipelines do not have.
    """
    from pyspark.sql.types import StructType

    keys = []
    for constraint in constraints or ():
        kind = _KEYS.get(java_class(constraint))
        if kind is None:
            raise UsageError("CHECK is not supported here: write an expectation")
        keys.append(kind)
    return ColumnList(StructType([_field(each) for each in columns]), tuple(dict.fromkeys(keys)))


def _field(column: Any) -> StructField:
    from pyspark.sql.types import StructField, _parse_datatype_json_string

    name = str(column.name())
    metadata: dict[str, Any] = {}
    if comment := option(column.comment()):
        metadata["comment"] = str(comment)
    if option(column.defaultValue()) is not None:
        raise UsageError(
            f"DEFAULT of column {name} is not supported: give it its value in the query"
        )
    if (expression := option(column.generationExpression())) is not None:
        metadata[_GENERATED] = str(expression)
    if (counted := option(column.identityColumnSpec())) is not None:
        metadata[f"{_IDENTITY}start"] = int(counted.getStart())
        metadata[f"{_IDENTITY}step"] = int(counted.getStep())
        metadata[f"{_IDENTITY}allowExplicitInsert"] = bool(counted.isAllowExplicitInsert())
        if column.dataType().json() != '"long"':
            raise UsageError(f"column {name} counts rows up: it has to be a BIGINT")
    kind = _parse_datatype_json_string(column.dataType().json())
    return StructField(name, kind, bool(column.nullable()), metadata or None)
