"""`_rescued_data`: what of a JSON record no column takes, kept as JSON text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import StructField, StructType

RESCUED = "_rescued_data"


def with_rescued(lines: DataFrame, columns: StructType, rescued: str) -> DataFrame:
    """Return JSON lines as columns, and beside them what did not fit.

    A field that is in no column, or whose value has another type than its column, is rescued with
    the file's path; so is a whole line that is no JSON.

    Args:
        lines: text in the column `value`.
        columns: to read.
        rescued: name of the column for the rest.
    """
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    value = F.col("value")
    document = F.try_parse_json(value)
    fields = F.from_json(F.col("_nbkit_text"), "map<string,string>")
    good = document.isNotNull()
    text = lines.where(F.length(F.trim(value)) > 0)
    read = [_field(field).alias(field.name) for field in columns]
    record = text.select(
        F.col("_metadata.file_path").alias("_nbkit_path"),
        value.alias("_nbkit_text"),
        document.alias("_nbkit_document"),
        good.alias("_nbkit_good"),
    )
    left = F.map_filter(fields, lambda name, inner: _unread(columns, name, inner))
    broken = F.create_map(F.lit("_corrupt_record"), F.col("_nbkit_text"))
    rest = F.when(F.col("_nbkit_good"), left).otherwise(broken)
    where = F.create_map(F.lit("_file_path"), F.col("_nbkit_path"))
    kept = F.when(F.size(rest) > 0, F.to_json(F.map_concat(rest, where)))
    return record.select(*read, kept.alias(rescued))


def _field(field: StructField) -> Column:
    """Return a column's value; null where the record has another type there."""
    from pyspark.sql import functions as F  # noqa: N812

    kind = field.dataType.simpleString()
    name = field.name.replace("'", "\\'")
    return F.try_variant_get(F.col("_nbkit_document"), f"$['{name}']", kind)


def _unread(columns: StructType, name: Column, inner: Column) -> Column:
    """Say whether a field of the record is in no column, or did not fit into its own."""
    from pyspark.sql import functions as F  # noqa: N812

    known = F.array(*[F.lit(each) for each in columns.names])
    fits = F.lit(False)
    for field in columns:
        fits |= (name == field.name) & _field(field).isNull()
    return inner.isNotNull() & (~F.array_contains(known, name) | fits)
