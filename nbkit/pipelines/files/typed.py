"""Rows of files that say their columns' types (Parquet, ORC, Avro), and what no column takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.dialect.sql_text import quoted_part
from nbkit.exact.nested_types import plain
from nbkit.pipelines.files import folder_values
from nbkit.pipelines.files.left_over import any_of, refusing

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import MapType, StructType

    from nbkit.pipelines.files.rescued import Wanted

_MOMENTS = {
    "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
    "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS",
}
"""With all their digits, of which Spark writes three."""


def typed_rows(rows: DataFrame, wanted: Wanted) -> DataFrame:
    """Return rows of a format with types of its own, and beside them what no column takes.

    Args:
        rows: of files, with every column that they have, at every level.
        wanted: how they are to be.
    """
    from pyspark.sql import functions as F  # noqa: N812

    kinds = {field.name.lower(): field for field in rows.schema}
    read, left = [], []
    for field in wanted.columns:
        there = kinds.pop(field.name.lower(), None)
        if there is None:  # of no file yet
            read.append(F.lit(None).cast(field.dataType).alias(field.name))
            continue
        column = F.col(quoted_part(there.name))
        if field.name.lower() in wanted.folders:
            value, rest = folder_values.divided(column, field.dataType)
        else:
            value, rest = _divided(column, there.dataType, field.dataType)
        read.append(value.alias(field.name))
        if rest is not None:
            left.append(rest.alias(there.name))
    left += [F.col(quoted_part(each.name)) for each in kinds.values()]
    if wanted.strict:
        path = F.col("_metadata.file_path")
        return refusing(rows, left, path, _MOMENTS).select(*read)
    if not left:
        return rows.select(*read, F.lit(None).cast("string").alias(wanted.rescued))
    path = F.col("_metadata.file_path").alias("_file_path")
    rescued = F.when(any_of(left), F.to_json(F.struct(*left, path), _MOMENTS))
    return rows.select(*read, rescued.alias(wanted.rescued))


def _divided(column: Column, have: Any, want: Any) -> tuple[Column, Column | None]:
    """Return a value as it is wanted, and what that leaves of it; None where it leaves nothing."""
    from pyspark.sql import functions as F  # noqa: N812
    from pyspark.sql.types import (
        ArrayType,
        BinaryType,
        FractionalType,
        LongType,
        MapType,
        StringType,
        StructType,
    )

    if plain(have) == plain(want):
        return column, None
    if isinstance(have, StructType) and isinstance(want, StructType):
        return _divided_struct(column, have, want)
    if isinstance(have, MapType) and isinstance(want, MapType):
        return _divided_map(column, have, want)
    inner = (have, want)
    if isinstance(have, ArrayType) and isinstance(want, ArrayType):
        inner = (have.elementType, want.elementType)
        if _has_parts(inner[0]) and type(inner[0]) is type(inner[1]):
            return _divided_array(column, *inner)
    if any(map(_has_parts, inner)):
        return F.lit(None).cast(plain(want)), column
    value = column.try_cast(plain(want))
    back = value.try_cast(have)
    same = back == column
    if isinstance(have, LongType) and isinstance(want, FractionalType):  # back from 2⁶³ comes 2⁶³-1
        same &= value < 2.0**63
    if isinstance(have, BinaryType) and isinstance(want, StringType):  # not all bytes are texts
        same &= F.is_valid_utf8(value)
    exact = column.isNull() | F.coalesce(same, F.lit(False))
    return F.when(exact, value), F.when(~exact, column)


def _has_parts(kind: Any) -> bool:
    from pyspark.sql.types import ArrayType, MapType, StructType

    return isinstance(kind, StructType | ArrayType | MapType)


def _rest(column: Column, have: Any, want: Any) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    rest = _divided(column, have, want)[1]
    return F.lit(None).cast(have) if rest is None else rest


def _divided_struct(
    column: Column, have: StructType, want: StructType
) -> tuple[Column, Column | None]:
    from pyspark.sql import functions as F  # noqa: N812

    kinds = {field.name.lower(): field for field in have}
    read, left = [], []
    for field in want:
        there = kinds.pop(field.name.lower(), None)
        if there is None:
            read.append(F.lit(None).cast(plain(field.dataType)).alias(field.name))
            continue
        value, rest = _divided(column.getField(there.name), there.dataType, field.dataType)
        read.append(value.alias(field.name))
        if rest is not None:
            left.append(rest.alias(there.name))
    left += [column.getField(each.name).alias(each.name) for each in kinds.values()]
    value = F.when(column.isNotNull(), F.struct(*read))
    return value, F.when(any_of(left), F.struct(*left)) if left else None


def _divided_array(column: Column, have: Any, want: Any) -> tuple[Column, Column | None]:
    """Return an array as it is wanted, and of each element what that leaves, at its place."""
    from pyspark.sql import functions as F  # noqa: N812

    value = F.transform(column, lambda each: _divided(each, have, want)[0])
    rest = F.transform(column, lambda each: _rest(each, have, want))
    return value, F.when(F.exists(rest, lambda each: each.isNotNull()), rest)


def _divided_map(column: Column, have: MapType, want: MapType) -> tuple[Column, Column | None]:
    """Return a map as it is wanted, and its entries that do not fit; keys fit together or not."""
    from pyspark.sql import functions as F  # noqa: N812

    keys, values = (have.keyType, want.keyType), (have.valueType, want.valueType)
    if plain(keys[0]) == plain(keys[1]):
        rest = F.transform_values(column, lambda _, each: _rest(each, *values))
        left = F.map_filter(rest, lambda _, each: each.isNotNull())
        value = F.transform_values(column, lambda _, each: _divided(each, *values)[0])
        return value, F.when(F.size(left) > 0, left)

    def fits(entry: Column) -> Column:
        parts = (("key", keys), ("value", values))
        found = [_rest(entry.getField(name), *pair).isNull() for name, pair in parts]
        return found[0] & found[1]

    def changed(entry: Column) -> Column:
        key, value = entry.getField("key"), entry.getField("value")
        made = (_divided(key, *keys)[0].alias("key"), _divided(value, *values)[0].alias("value"))
        return F.struct(*made)

    entries = F.map_entries(column)
    exact = column.isNull() | F.forall(entries, fits)
    made = F.map_from_entries(F.transform(entries, changed))
    return F.when(exact, made), F.when(~exact, column)
