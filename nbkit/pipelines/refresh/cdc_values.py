"""Comparing values of every type, maps and variants included, which Spark itself does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.dialect.sql_text import quoted_part
from nbkit.pipelines.resolve.cdc_columns import column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column
    from pyspark.sql.types import DataType, StructType


def comparable(value: Column, kind: DataType) -> Column:
    """Return something that is equal for equal values, and that Spark compares and orders."""
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it
    from pyspark.sql.types import ArrayType, MapType, StructType, VariantType

    if is_comparable(kind):
        return value
    if isinstance(kind, VariantType):  # the text of a day is no day
        return F.when(value.isNotNull(), F.struct(F.to_json(value), F.schema_of_variant(value)))
    if isinstance(kind, MapType):
        pairs = F.transform(
            F.map_entries(value),
            lambda pair: F.struct(
                comparable(pair.getField("key"), kind.keyType).alias("key"),
                comparable(pair.getField("value"), kind.valueType).alias("value"),
            ),
        )
        return F.sort_array(pairs)
    if isinstance(kind, ArrayType):
        return F.transform(value, lambda each: comparable(each, kind.elementType))
    assert isinstance(kind, StructType)
    parts = [
        comparable(value.getField(field.name), field.dataType).alias(f"_{at}")
        for at, field in enumerate(kind)
    ]
    return F.when(value.isNotNull(), F.struct(*parts))


def is_comparable(kind: DataType) -> bool:
    """Say whether Spark compares values of a type."""
    from pyspark.sql.types import ArrayType, MapType, StructType, VariantType

    if isinstance(kind, MapType | VariantType):
        return False
    if isinstance(kind, ArrayType):
        return is_comparable(kind.elementType)
    return not isinstance(kind, StructType) or all(is_comparable(each.dataType) for each in kind)


def differ(names: Sequence[str], kinds: StructType, one: str, other: str) -> Column:
    """Return whether two rows differ in some columns.

    Args:
        names: of the columns.
        kinds: the schema that has them.
        one: alias of the DataFrame of the one.
        other: that of the other.
    """
    from pyspark.sql import functions as F  # noqa: N812

    found = F.lit(False)
    for name in names:
        kind = kinds[name].dataType
        left, right = (comparable(column(name, of), kind) for of in (one, other))
        found |= ~left.eqNullSafe(right)
    return found


def of_source(names: Sequence[str]) -> dict[str, Column]:
    """Return what a merge sets columns to: what the source, called `s`, has."""
    return {quoted_part(name): column(name, "s") for name in names}


def same(names: Sequence[str], one: str, other: str) -> Column:
    """Return whether two rows have the same keys; a null is like any other value."""
    from pyspark.sql import functions as F  # noqa: N812

    found = F.lit(True)
    for name in names:
        found &= column(name, one).eqNullSafe(column(name, other))
    return found
