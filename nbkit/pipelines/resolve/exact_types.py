"""Whether a value is the same value in a column of another type: what a write does without a word.

It is what Spark's own INSERT does (ANSI store assignment), less all that rounds or cuts: where the
types alone say that values would be changed, nothing is written; where it depends on the value, as
for a bigint in an int, the first one that does not fit ends the query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from nbkit.dialect.sql_text import quoted_part
from nbkit.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import DataType, StructType

    Fit = Literal["exact", "by value", "lossy"]

_WHOLE = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}
"""Types of whole numbers, with the digits that the largest has."""

_BITS = {"double": 53, "float": 24}
"""Types of fractions, with the bits that a whole number may have to be exact there."""

_DIGITS = {"double": 15, "float": 6}
"""And the decimal digits that any number may have to come back as it was."""

_AS_TEXT = {*_WHOLE, *_BITS, "boolean", "date"}


class Difference(NamedTuple):
    """A column, or a field in one, that has another type than the value for it.

    Attributes:
        path: its name, and those that it lies in.
        given: type of the values.
        wanted: type of the column.
        fit: what becomes of the values.
    """

    path: tuple[str, ...]
    given: DataType
    wanted: DataType
    fit: Fit

    def __str__(self) -> str:
        """Return it as people read it."""
        given, wanted = self.given.simpleString(), self.wanted.simpleString()
        return f"{'.'.join(self.path)} would turn {given} into {wanted}"


def differences(
    given: DataType, wanted: DataType, path: tuple[str, ...] = ()
) -> Iterator[Difference]:
    """Yield what has other types, at every level, by name; what only one side has is left out."""
    from pyspark.sql.types import ArrayType, MapType, StructType

    if given == wanted:
        return
    if isinstance(given, StructType) and isinstance(wanted, StructType):
        there = {field.name.lower(): field for field in wanted}
        for field in given:
            if (known := there.get(field.name.lower())) is not None:
                yield from differences(field.dataType, known.dataType, (*path, known.name))
    elif isinstance(given, ArrayType) and isinstance(wanted, ArrayType):
        yield from differences(given.elementType, wanted.elementType, (*path, "element"))
    elif isinstance(given, MapType) and isinstance(wanted, MapType):
        yield from differences(given.keyType, wanted.keyType, (*path, "key"))
        yield from differences(given.valueType, wanted.valueType, (*path, "value"))
    else:
        yield Difference(path, given, wanted, _fit(given, wanted))


def check(given: StructType, wanted: StructType, whose: str, advice: str) -> None:
    """See that no value is changed on its way.

    Args:
        given: columns of the rows.
        wanted: columns of what they are written to.
        whose: what says so, for the message.
        advice: what else can be done.

    Raises:
        UsageError: it would be.
    """
    there = {field.name.lower(): field for field in wanted}
    lossy = []
    for field in given:
        known = there.get(field.name.lower())
        if known is None or field.dataType == known.dataType:
            continue
        ours = _same_fields(
            field.dataType, known.dataType
        )  # else the writer adds fields, and casts
        found = differences(field.dataType, known.dataType, (known.name,))
        lossy += [
            each for each in found if each.fit == "lossy" or (each.fit != "exact" and not ours)
        ]
    if lossy:
        said = "; ".join(f"column {each}" for each in lossy)
        raise UsageError(f"{said}, as {whose} has it: cast it in the query, {advice}")


def fitted(rows: DataFrame, wanted: StructType) -> DataFrame:
    """Return rows with the types of the columns that they are written to, and other columns as is.

    `check` has been asked before. A value that does not fit ends the query. Where one side has
    fields that the other has not, the writer sees to it, which goes by name too.
    """
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    there = {field.name.lower(): field.dataType for field in wanted}
    columns, changed = [], False
    for field in rows.schema:
        column = F.col(quoted_part(field.name))
        kind = there.get(field.name.lower(), field.dataType)
        if field.dataType != kind and _same_fields(field.dataType, kind):
            changed = True
            column = as_type(column, field.name, field.dataType, kind)
            column = column.alias(field.name, metadata=field.metadata)
        columns.append(column)
    return rows.select(*columns) if changed else rows


def widened(columns: StructType, given: StructType) -> StructType:
    """Return columns with the wider types that Delta gives them, if a table lets it, for rows.

    It widens within a family: whole numbers, binary fractions, decimals.
    """
    from pyspark.sql.types import DecimalType, StructField, StructType

    there = {field.name.lower(): field.dataType for field in given}
    fields = []
    for field in columns:
        kind = there.get(field.name.lower(), field.dataType)
        have, want = field.dataType.simpleString(), kind.simpleString()
        decimals = isinstance(field.dataType, DecimalType) and isinstance(kind, DecimalType)
        family = {have, want} <= _WHOLE.keys() or {have, want} == {"float", "double"} or decimals
        wider = family and _fit(field.dataType, kind) == "exact"
        fields.append(StructField(field.name, kind if wider else field.dataType))
    return StructType(fields)


def as_type(column: Column, name: str, given: DataType, wanted: DataType) -> Column:
    """Return values in another type, at every level and by name; what does not fit ends the query.

    Raises:
        UsageError: a struct has other fields than are wanted.
    """
    from pyspark.sql import functions as F  # noqa: N812
    from pyspark.sql.types import ArrayType, MapType, StructType

    if given == wanted:
        return column
    if isinstance(given, StructType) and isinstance(wanted, StructType):
        kinds = {field.name.lower(): field for field in given}
        if kinds.keys() != {field.name.lower() for field in wanted}:
            said = f"{given.simpleString()} and {wanted.simpleString()}"
            raise UsageError(f"column {name} has other fields than are declared: {said}")
        parts = []
        for field in wanted:
            own = kinds[field.name.lower()]
            value = as_type(column[own.name], f"{name}.{own.name}", own.dataType, field.dataType)
            parts.append(value.alias(field.name))
        return F.when(column.isNotNull(), F.struct(*parts))
    if isinstance(given, ArrayType) and isinstance(wanted, ArrayType):
        pair = (given.elementType, wanted.elementType)
        return F.transform(column, lambda each: as_type(each, f"{name}.element", *pair))
    if (
        isinstance(given, MapType)
        and isinstance(wanted, MapType)
        and given.keyType == wanted.keyType
    ):
        pair = (given.valueType, wanted.valueType)
        return F.transform_values(column, lambda _, each: as_type(each, f"{name}.value", *pair))
    cast = column.cast(wanted)
    if _fit(given, wanted) != "by value":
        return cast
    kinds_said = f"{given.simpleString()}, and no {wanted.simpleString()}"
    said = F.concat(F.lit(f"column {name} has the value "), column, F.lit(f": {kinds_said}"))
    return F.when(_changes(column, wanted), F.raise_error(said)).otherwise(column.try_cast(wanted))


def _changes(column: Column, wanted: DataType) -> Column:
    """Say whether a value is no value of a type."""
    from pyspark.sql import functions as F  # noqa: N812

    length = getattr(wanted, "length", None)
    if length is not None:
        return F.length(column) > length
    bits = _BITS.get(wanted.simpleString())
    if bits is not None:
        return ~column.between(-(2**bits), 2**bits)
    return column.isNotNull() & column.try_cast(wanted).isNull()


def _same_fields(given: DataType, wanted: DataType) -> bool:
    """Say whether structs, at every level, have fields of the same names."""
    from pyspark.sql.types import ArrayType, MapType, StructType

    if isinstance(given, StructType) and isinstance(wanted, StructType):
        there = {field.name.lower(): field.dataType for field in wanted}
        return {field.name.lower() for field in given} == there.keys() and all(
            _same_fields(field.dataType, there[field.name.lower()]) for field in given
        )
    if isinstance(given, ArrayType) and isinstance(wanted, ArrayType):
        return _same_fields(given.elementType, wanted.elementType)
    if isinstance(given, MapType) and isinstance(wanted, MapType):
        return given.keyType == wanted.keyType and _same_fields(given.valueType, wanted.valueType)
    return True


def _fit(given: DataType, wanted: DataType) -> Fit:  # noqa: PLR0911 - a table of cases
    """Return what becomes of plain values of one type in a column of another."""
    from pyspark.sql.types import CharType, DecimalType, NullType, StringType, VarcharType

    have, want = given.simpleString(), wanted.simpleString()
    if isinstance(given, NullType):
        return "exact"
    if isinstance(given, StringType | CharType | VarcharType):
        if isinstance(wanted, CharType | VarcharType):
            return "by value"
        return "exact" if isinstance(wanted, StringType) else "lossy"
    if isinstance(wanted, StringType):
        return "exact" if have in _AS_TEXT or isinstance(given, DecimalType) else "lossy"
    if have in _WHOLE or isinstance(given, DecimalType):
        return _number_fit(given, wanted)
    if (have, want) in {("float", "double"), ("date", "timestamp"), ("date", "timestamp_ntz")}:
        return "exact"
    return "lossy"


def _number_fit(given: Any, wanted: Any) -> Fit:
    """Return what becomes of exact numbers."""
    from pyspark.sql.types import DecimalType

    have, want = given.simpleString(), wanted.simpleString()
    whole = have in _WHOLE
    scale = 0 if whole else given.scale
    before = _WHOLE[have] if whole else given.precision - scale
    if want in _BITS:
        exact = before + scale <= _DIGITS[want] or (have, want) == ("smallint", "float")
        return "exact" if exact else "by value" if whole else "lossy"
    if want in _WHOLE:
        return "lossy" if scale else "exact" if whole and before <= _WHOLE[want] else "by value"
    if isinstance(wanted, DecimalType) and wanted.scale >= scale:
        return "exact" if wanted.precision - wanted.scale >= before else "by value"
    return "lossy"
