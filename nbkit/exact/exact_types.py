"""Whether a value is the same value in a column of another type: what a write does without a word.

It is what Spark's own INSERT does (ANSI store assignment), less all that rounds or cuts: where the
types alone say that values would be changed, nothing is written; where it depends on the value, as
for a bigint in an int, the first one that does not fit ends the query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from nbkit.errors import UsageError
from nbkit.exact.nested_types import matched, merged, of_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql.types import DataType, StructType

    from nbkit.exact.nested_types import Path

    Fit = Literal["exact", "by value", "lossy"]

_WHOLE = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}
"""Types of whole numbers, with the digits that the largest has."""

BITS = {"double": 53, "float": 24}
"""Types of fractions, with the bits that a whole number may have to be exact there."""

_DIGITS = {"double": 15, "float": 6}
"""And the decimal digits that any number may have to come back as it was."""

_AS_TEXT = {*_WHOLE, *BITS, "boolean", "date"}


_FAMILIES = ({"float", "double"}, {"date", "timestamp_ntz"})
"""Types that Delta widens one into the other, besides whole numbers and decimals."""


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


def differences(given: DataType, wanted: DataType, path: Path = ()) -> Iterator[Difference]:
    """Yield what has other types, at every level, by name; what only one side has is left out."""
    if given == wanted:
        return
    pairs = matched(given, wanted)
    if pairs is None:
        yield Difference(path, given, wanted, fit_of(given, wanted))
        return
    for ours, theirs in pairs:
        if ours is not None and theirs is not None:
            yield from differences(ours.dataType, theirs.dataType, (*path, theirs.name))


def have_same_parts(given: DataType, wanted: DataType) -> bool:
    """Say whether two types have parts of the same names, at every level."""
    pairs = matched(given, wanted)
    return pairs is None or all(
        ours is not None and theirs is not None and have_same_parts(ours.dataType, theirs.dataType)
        for ours, theirs in pairs
    )


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
        ours = have_same_parts(field.dataType, known.dataType)  # else the writer adds and casts
        found = differences(field.dataType, known.dataType, (known.name,))
        lossy += [
            each for each in found if each.fit == "lossy" or (each.fit != "exact" and not ours)
        ]
    if lossy:
        said = "; ".join(f"column {each}" for each in lossy)
        raise UsageError(f"{said}, as {whose} has it: cast it in the query, {advice}")


def widened(columns: StructType, given: StructType) -> StructType:
    """Return columns with the wider types that Delta gives them, if a table lets it, for rows.

    It widens within a family: whole numbers, binary fractions, decimals, dates; at every level.
    """
    from pyspark.sql.types import StructField, StructType

    there = {field.name.lower(): field.dataType for field in given}
    fields = []
    for field in columns:
        kind = there.get(field.name.lower(), field.dataType)
        fields.append(StructField(field.name, _wider(field.dataType, kind)))
    return StructType(fields)


def _wider(have: DataType, come: DataType) -> Any:
    """Return a type with the wider parts of another one that are of the same family."""
    from pyspark.sql.types import DecimalType, StructField

    pairs = matched(have, come)
    if pairs is not None:
        parts = [
            StructField(ours.name, _wider(ours.dataType, theirs.dataType), ours.nullable)
            if theirs is not None
            else ours
            for ours, theirs in pairs
            if ours is not None
        ]
        return of_parts(have, parts)
    names = {have.simpleString(), come.simpleString()}
    decimals = isinstance(have, DecimalType) and isinstance(come, DecimalType)
    family = names <= _WHOLE.keys() or names in _FAMILIES or decimals
    return come if family and fit_of(have, come) == "exact" else have


def together(have: DataType, come: DataType, name: str, *, widens: bool) -> DataType:
    """Return the type of a column that holds what it has and what comes.

    Args:
        have: its type.
        come: the type of what comes.
        name: the column's.
        widens: whether its type may become a wider one.

    Raises:
        UsageError: no value of the one type is one of the other.
    """
    from pyspark.sql.types import StringType

    def one(have: DataType, come: DataType, path: Path) -> DataType:
        if fit_of(come, have) == "exact":
            return have
        if widens and fit_of(have, come) == "exact" and not isinstance(come, StringType):
            return come
        if fit_of(come, have) == "by value":
            return have
        types = f"{come.simpleString()} now, and {have.simpleString()} in the table"
        raise UsageError(
            f"column {'.'.join(path)} is {types}: cast it in the query, or begin anew with a full "
            "refresh"
        )

    found: DataType = merged(have, come, one, (name,))
    return found


def fit_of(given: DataType, wanted: DataType) -> Fit:  # noqa: PLR0911 - a table of cases
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
    if want in BITS:
        exact = before + scale <= _DIGITS[want] or (have, want) == ("smallint", "float")
        return "exact" if exact else "by value"
    if want in _WHOLE:
        return "lossy" if scale else "exact" if whole and before <= _WHOLE[want] else "by value"
    if isinstance(wanted, DecimalType):  # Python's Decimal comes as DECIMAL(38, 18), also 9.90
        fits = wanted.scale >= scale and wanted.precision - wanted.scale >= before
        return "exact" if fits else "by value"
    return "lossy"
