"""Rows as their dataset declares its columns: order, types, NOT NULL, and what is generated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.dialect.sql_text import quoted_part
from nbkit.exact.exact_values import as_type
from nbkit.pipelines.declare.column_list import generated_by, metadata_of

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import StructField, StructType


def shaped(rows: DataFrame, wanted: StructType, *, never_null: bool) -> DataFrame:
    """Return rows with the declared columns; those that Delta counts up itself are left out.

    Args:
        rows: of the query.
        wanted: the declared columns.
        never_null: whether to see to it here that a column that is NOT NULL has a value.
    """
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    kinds = {field.name.lower(): field.dataType for field in rows.schema}
    present = [field for field in wanted if field.name.lower() in kinds]
    made = rows.select(
        *(
            as_type(
                F.col(quoted_part(field.name)),
                field.name,
                kinds[field.name.lower()],
                field.dataType,
            ).alias(field.name, metadata=metadata_of(field))
            for field in present
        )
    )
    generated = [
        F.expr(expression).cast(field.dataType).alias(field.name, metadata=metadata_of(field))
        for field in wanted
        if field not in present and (expression := generated_by(field)) is not None
    ]
    made = made.select("*", *generated) if generated else made
    filled = [field for field in wanted if field.name in made.columns]
    if generated or (never_null and any(not field.nullable for field in filled)):
        made = made.select(*(_checked(field, never_null=never_null) for field in filled))
    return made


def _checked(field: StructField, *, never_null: bool) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    column = F.col(quoted_part(field.name))
    if field.nullable or not never_null:
        return column
    said = F.raise_error(F.lit(f"column {field.name} is NOT NULL, and a row has no value for it"))
    return (
        F.when(column.isNull(), said)
        .otherwise(column)
        .alias(field.name, metadata=metadata_of(field))
    )
