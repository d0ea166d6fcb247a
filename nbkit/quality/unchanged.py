"""Rows with the types of the table that they go to: each value is the same there, or none is."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    the query that writes it.

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
    try:
        exact_types.check(rows.schema, there, f"table {table}", "or write to another table")
    except UsageError as error:
        raise DefinitionError((Problem(table, f"{error}"),), f"write to {table}") from None
    return exact_values.fitted(rows, there)


def _differ(come: StructType, there: StructType) -> bool:
    known = {field.name.lower(): field.dataType for field in there}
    return any(known.get(each.name.lower(), each.dataType) != each.dataType for each in come)


def _widens(spark: SparkSession, table: str) -> bool:
    [detail] = spark.sql(f"DESCRIBE DETAIL {table}").collect()
    return str((detail["properties"] or {}).get(_WIDENING, "")).lower() == "true"
