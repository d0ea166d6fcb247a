"""Values in another type, at every level and by name, and whether they are the same ones there.

`exact_types` says by the types alone whether a value always is, never is, or may be.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from nbkit.dialect.sql_text import quoted_part
from nbkit.errors import UsageError
from nbkit.exact.exact_types import BITS, fit_of, have_same_parts
from nbkit.exact.nested_types import matched, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import DataType, StructField, StructType

    from nbkit.exact.nested_types import Path

    Leaf = Callable[[Column, DataType, DataType, Path], Column]


_WIDE = "decimal(38, 18)"
_TOO_FINE = r"[.][0-9]{6}[0-9]*[1-9]"
"""Of a time: more digits than microseconds have."""


def fitted(rows: DataFrame, wanted: StructType) -> DataFrame:
    """Return rows with the types of the columns that they are written to, and other columns as is.

    `exact_types.check` has been asked before. A value that does not fit ends the query. Where one
    side has fields that the other has not, the writer sees to it, which goes by name too.
    """
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    there = {field.name.lower(): field.dataType for field in wanted}
    columns, changed = [], False
    for field in rows.schema:
        column = F.col(quoted_part(field.name))
        kind = there.get(field.name.lower(), field.dataType)
        if plain(field.dataType) != plain(kind) and have_same_parts(field.dataType, kind):
            changed = True
            column = as_type(column, field.name, field.dataType, kind)
            column = column.alias(field.name, metadata=field.metadata)
        columns.append(column)
    return rows.select(*columns) if changed else rows


def as_type(column: Column, name: str, given: DataType, wanted: DataType) -> Column:
    """Return values in another type; what does not fit ends the query.

    Raises:
        UsageError: a struct has other fields than are wanted.
    """
    if not have_same_parts(given, wanted):
        said = f"{given.simpleString()} and {wanted.simpleString()}"
        raise UsageError(f"column {name} has other fields than are declared: {said}")
    return _converted(column, given, wanted, _or_raise, (name,))


def converted(value: Column, come: DataType, to: DataType) -> Column:
    """Return values in another type, with null for parts that they lack; see `loses`."""
    return _converted(value, come, to, lambda value, _, to, __: value.try_cast(to), ())


def loses(value: Column, come: DataType, to: DataType) -> Column | None:
    """Return whether a value would not be the same in another type; None where it always is."""
    from pyspark.sql import functions as F  # noqa: N812
    from pyspark.sql.types import ArrayType, MapType

    pairs = None if come == to else matched(come, to)
    if pairs is None:
        same = come == to or fit_of(come, to) == "exact"
        return None if same else F.coalesce(_changes(value, come, to), F.lit(False))
    found = []
    for ours, theirs in pairs:
        if ours is None or theirs is None:
            continue
        types = ours.dataType, theirs.dataType
        if isinstance(come, ArrayType):
            found.append(_any_loses(value, *types))
        elif isinstance(come, MapType):
            side = F.map_keys if ours.name == "key" else F.map_values
            found.append(_any_loses(side(value), *types))
        else:
            found.append(loses(value.getField(ours.name), *types))
    conditions = [each for each in found if each is not None]
    return reduce(lambda left, right: left | right, conditions) if conditions else None


def of_text(text: Column, kind: DataType) -> tuple[Column, Column]:
    """Return a text as a value, and whether it spells just that one; NULL is NULL.

    Spark's own cast rounds `1.255` in a DECIMAL(8,2), cuts the time off a DATE, and takes 1e400 in
    a DOUBLE for infinity.
    """
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it
    from pyspark.sql.types import DateType, DecimalType, FractionalType, TimestampNTZType
    from pyspark.sql.types import TimestampType as Moment

    value = text.try_cast(kind)
    same = value.isNotNull()
    if isinstance(kind, FractionalType):  # a DECIMAL is one; a FLOAT is 0.1 as it is written
        exact, shown = text.try_cast(_WIDE), value.cast("string").try_cast(_WIDE)
        same &= exact.isNull() | F.coalesce(exact == shown, F.lit(False))
    if isinstance(kind, FractionalType) and not isinstance(kind, DecimalType):
        same &= ~(text.rlike("[0-9]") & F.abs(value).eqNullSafe(F.lit("Infinity").cast(kind)))
    if isinstance(kind, DateType):
        moment = "timestamp_ntz"
        same &= F.coalesce(text.try_cast(moment) == value.cast(moment), F.lit(False))
    if isinstance(kind, Moment | TimestampNTZType):
        same &= ~text.rlike(_TOO_FINE)
    return value, text.isNull() | same


def _any_loses(values: Column, come: DataType, to: DataType) -> Column | None:
    """Return whether one of the elements of an array would not be the same."""
    from pyspark.sql import functions as F  # noqa: N812

    if loses(F.lit(None), come, to) is None:
        return None

    def one(each: Column) -> Column:
        found = loses(each, come, to)
        assert found is not None
        return found

    return F.coalesce(F.exists(values, one), F.lit(False))


def _converted(value: Column, come: DataType, to: DataType, leaf: Leaf, path: Path) -> Column:
    """Return a value in another type; `leaf` says what becomes of one that has no parts."""
    from pyspark.sql import functions as F  # noqa: N812
    from pyspark.sql.types import ArrayType, StructType

    if come == to:
        return value
    pairs = matched(to, come)
    if pairs is None:
        return leaf(value, come, to, path)

    def part(of: Column, wanted: StructField, ours: StructField) -> Column:
        return _converted(of, ours.dataType, wanted.dataType, leaf, (*path, ours.name))

    if isinstance(to, StructType):
        parts = [
            (
                F.lit(None).cast(wanted.dataType)
                if ours is None
                else part(value.getField(ours.name), wanted, ours)
            ).alias(wanted.name)
            for wanted, ours in pairs
            if wanted is not None
        ]
        return F.when(value.isNotNull(), F.struct(*parts))
    both = [(wanted, ours) for wanted, ours in pairs if wanted is not None and ours is not None]
    if isinstance(to, ArrayType):
        return F.transform(value, lambda each: part(each, *both[0]))

    def entry(each: Column) -> Column:
        return F.struct(
            *[part(each.getField(own.name), to, own).alias(own.name) for to, own in both]
        )

    return F.map_from_entries(F.transform(F.map_entries(value), entry))


def _or_raise(value: Column, given: DataType, wanted: DataType, path: Path) -> Column:
    """Return a value in another type; one that is another there ends the query."""
    from pyspark.sql import functions as F  # noqa: N812

    if fit_of(given, wanted) != "by value":
        return value.cast(wanted)
    kinds = f"{given.simpleString()}, and no {wanted.simpleString()}"
    said = f"column {'.'.join(path)} has the value "
    message = F.concat(F.lit(said), value, F.lit(f": {kinds}"))
    refused = F.when(_changes(value, given, wanted), F.raise_error(message))
    return refused.otherwise(value.try_cast(wanted))


def _changes(value: Column, given: DataType, wanted: DataType) -> Column:
    """Return whether a value is no value of a type that has some values of its own type."""
    from pyspark.sql import functions as F  # noqa: N812
    from pyspark.sql.types import DecimalType

    length = getattr(wanted, "length", None)
    if length is not None:
        return F.length(value) > length
    bits = BITS.get(wanted.simpleString())
    if bits is not None and not isinstance(given, DecimalType):
        return ~value.between(-(2**bits), 2**bits)
    return ~value.try_cast(wanted).try_cast(given).eqNullSafe(value)  # it comes back as it was
