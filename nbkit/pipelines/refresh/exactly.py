"""Values in another type without a loss: which types hold which, and what a value would lose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.errors import UsageError
from nbkit.pipelines.resolve import exact_types

if TYPE_CHECKING:
    from pyspark.sql import Column
    from pyspark.sql.types import DataType, StructType


def together(  # noqa: PLR0911 - one for each kind of type
    have: DataType, come: DataType, name: str, *, widens: bool
) -> DataType:
    """Return the type of a column that holds what it has and what comes.

    Args:
        have: its type.
        come: the type of what comes.
        name: the column's.
        widens: whether its type may become a wider one.

    Raises:
        UsageError: no value of the one type is one of the other.
    """
    from pyspark.sql.types import ArrayType, MapType, NullType, StringType, StructType

    if have == come or isinstance(come, NullType):
        return have
    if isinstance(have, StructType) and isinstance(come, StructType):
        return _fields_together(have, come, name, widens=widens)
    if isinstance(have, ArrayType) and isinstance(come, ArrayType):
        inner = together(have.elementType, come.elementType, f"{name}[]", widens=widens)
        return ArrayType(inner, have.containsNull)
    if isinstance(have, MapType) and isinstance(come, MapType):
        key = together(have.keyType, come.keyType, f"{name} (its keys)", widens=widens)
        value = together(have.valueType, come.valueType, f"{name} (its values)", widens=widens)
        return MapType(key, value, have.valueContainsNull)
    if _fit(come, have) == "exact":
        return have
    if widens and _fit(have, come) == "exact" and not isinstance(come, StringType):
        return come
    if _fit(come, have) == "by value":
        return have
    types = f"{come.simpleString()} now, and {have.simpleString()} in the table"
    raise UsageError(
        f"column {name} is {types}: cast it in the query, or begin anew with a full refresh"
    )


def _fields_together(have: StructType, come: StructType, name: str, *, widens: bool) -> DataType:
    from pyspark.sql.types import StructField, StructType

    fields = {field.name.lower(): field for field in have}
    for field in come:
        known = fields.get(field.name.lower())
        if known is None:
            fields[field.name.lower()] = field
            continue
        inner = f"{name}.{field.name}"
        kind = together(known.dataType, field.dataType, inner, widens=widens)
        made = StructField(known.name, kind, known.nullable, known.metadata)
        fields[field.name.lower()] = made
    return StructType(list(fields.values()))


def converted(value: Column, come: DataType, to: DataType) -> Column:
    """Return a value in another type; what it loses is told by `loses`."""
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it
    from pyspark.sql.types import ArrayType, MapType, StructType

    if come == to:
        return value
    if isinstance(come, StructType) and isinstance(to, StructType):
        known = {field.name.lower(): field for field in come}
        parts = []
        for field in to:
            there = known.get(field.name.lower())
            part = F.lit(None).cast(field.dataType)
            if there is not None:
                part = converted(value.getField(there.name), there.dataType, field.dataType)
            parts.append(part.alias(field.name))
        return F.when(value.isNotNull(), F.struct(*parts))
    if isinstance(come, ArrayType) and isinstance(to, ArrayType):
        return F.transform(value, lambda each: converted(each, come.elementType, to.elementType))
    if isinstance(come, MapType) and isinstance(to, MapType):
        pairs = F.transform(
            F.map_entries(value),
            lambda pair: F.struct(
                converted(pair.getField("key"), come.keyType, to.keyType).alias("key"),
                converted(pair.getField("value"), come.valueType, to.valueType).alias("value"),
            ),
        )
        return F.map_from_entries(pairs)
    return value.try_cast(to)


def loses(  # noqa: PLR0911 - one for each kind of type
    value: Column, come: DataType, to: DataType
) -> Column | None:
    """Return whether a value would not be the same in another type; None where it always is."""
    from pyspark.sql import functions as F  # noqa: N812
    from pyspark.sql.types import ArrayType, MapType, StructType

    if come == to:
        return None
    if isinstance(come, StructType) and isinstance(to, StructType):
        wanted = {field.name.lower(): field.dataType for field in to}
        found = [
            loses(value.getField(field.name), field.dataType, wanted[field.name.lower()])
            for field in come
        ]
        return _any(found)
    if isinstance(come, ArrayType) and isinstance(to, ArrayType):
        inner, other = come.elementType, to.elementType
        if loses(F.lit(None), inner, other) is None:
            return None
        return F.coalesce(F.exists(value, lambda each: _sure(each, inner, other)), F.lit(False))
    if isinstance(come, MapType) and isinstance(to, MapType):
        values = loses(F.map_values(value), ArrayType(come.valueType), ArrayType(to.valueType))
        return _any(
            [loses(F.map_keys(value), ArrayType(come.keyType), ArrayType(to.keyType)), values]
        )
    if _fit(come, to) == "exact":
        return None
    return value.isNotNull() & ~value.try_cast(to).try_cast(come).eqNullSafe(value)


def _sure(value: Column, come: DataType, to: DataType) -> Column:
    found = loses(value, come, to)
    assert found is not None
    return found


def _any(found: list[Column | None]) -> Column | None:
    from pyspark.sql import functions as F  # noqa: N812

    conditions = [each for each in found if each is not None]
    if not conditions:
        return None
    result = F.lit(False)
    for each in conditions:
        result |= F.coalesce(each, F.lit(False))
    return result


def _fit(come: DataType, to: DataType) -> str:
    """Return what becomes of plain values: they are the same, or some of them, or none is."""
    return next((each.fit for each in exact_types.differences(come, to)), "exact")
