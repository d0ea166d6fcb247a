"""Rows with the types of the table that they go to: each value is the same there, or none is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.dialect.sql_text import quoted_part
from nbkit.errors import DefinitionError, Problem, UsageError
from nbkit.exact import exact_types, exact_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

_WIDENING = "delta.enableTypeWidening"


def unchanged(rows: DataFrame, table: str, options: Mapping[str, str]) -> DataFrame:
    """Return rows as a table takes them; Spark itself would write 7.5 as 7 into an INT.

    A value that is another one in the table's type, such as a BIGINT too large for an INT, ends
    the query that writes it. A text becomes the number, day, time or truth value that it spells,
    as in Delta's own INSERT, which would round `1.255` in a DECIMAL(8, 2).

    Args:
        rows: of a batch or a stream.
        table: where they go; there need not be one yet.
        options: of the writer.

    Raises:
        DefinitionError: by the types alone, values would be changed. It names the columns.
    """
    spark = rows.sparkSession
    said = {name.lower(): str(value).lower() for name, value in options.items()}
    if said.get("overwriteschema") == "true" or not spark.catalog.tableExists(table):
        return rows
    there = spark.table(table).schema
    if said.get("mergeschema") == "true" and _differ(rows.schema, there) and _widens(spark, table):
        there = exact_types.widened(there, rows.schema)
    rows = _spelled(rows, there)
    try:
        exact_types.check(rows.schema, there, f"table {table}", "or write to another table")
    except UsageError as error:
        raise DefinitionError((Problem(table, f"{error}"),), f"write to {table}") from None
    return exact_values.fitted(rows, there)


def _spelled(rows: DataFrame, there: StructType) -> DataFrame:
    """Return rows with the values that their texts spell, where the table has no texts."""
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it
    from pyspark.sql.types import BooleanType, DatetimeType, NumericType, StringType

    known = {field.name.lower(): field.dataType for field in there}
    changed = {}
    for field in rows.schema:
        kind = known.get(field.name.lower())
        if isinstance(field.dataType, StringType) and isinstance(
            kind, NumericType | DatetimeType | BooleanType
        ):
            text = F.col(quoted_part(field.name))
            value, same = exact_values.of_text(text, kind)
            said = f": string, and no {kind.simpleString()}"
            message = F.concat(F.lit(f"column {field.name} has the value "), text, F.lit(said))
            changed[field.name] = F.when(~same, F.raise_error(message)).otherwise(value)
    columns = [
        changed[name].alias(name) if name in changed else F.col(quoted_part(name))
        for name in rows.columns
    ]
    return rows.select(*columns) if changed else rows


def _differ(come: StructType, there: StructType) -> bool:
    known = {field.name.lower(): field.dataType for field in there}
    return any(known.get(each.name.lower(), each.dataType) != each.dataType for each in come)


def _widens(spark: SparkSession, table: str) -> bool:
    [detail] = spark.sql(f"DESCRIBE DETAIL {table}").collect()
    return str((detail["properties"] or {}).get(_WIDENING, "")).lower() == "true"
