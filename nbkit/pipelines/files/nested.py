"""Columns of files at every level: put together by name, compared, and hinted at."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from nbkit.dialect.tokens import tokens
from nbkit.errors import UsageError
from nbkit.exact.nested_types import inside, matched, merged, of_parts, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyspark.sql.types import DataType, StructType

    from nbkit.dialect.tokens import Token
    from nbkit.exact.nested_types import Path

SAID = "nbkit.said"
"""Metadata of a field whose type its author has said: a text that spells a value fits it too."""

_VALUE = "_VALUE"  # what Spark takes where `valueTag` says nothing
_WIDER = (("tinyint", "smallint", "int", "bigint", "decimal", "double"), ("date", "timestamp"))
_MOST_DIGITS = 38


def together(first: StructType, then: StructType) -> StructType:
    """Return columns, and at every level those of others that have other names.

    A column keeps the type that it had first.
    """
    return merged(first, then, lambda ours, *_: ours)


def of_all(first: StructType, then: StructType) -> StructType:
    """Return columns that take the values of both, for what has not been read yet.

    Numbers widen; what has no type in common is text.
    """
    return merged(first, then, _widest)


def of_xml(first: StructType, then: StructType, tag: str = _VALUE) -> StructType:
    """Return columns with the structure of both: what is repeated once may always be.

    Args:
        first: some columns.
        then: others.
        tag: the name of text beside elements and attributes, Spark's `valueTag`.
    """
    return merged(first, then, functools.partial(_structure, tag=tag))


def of_shape(types: StructType, shape: StructType) -> StructType:
    """Return columns with a structure that was found, and with types where both have values."""
    return merged(types, shape, _shaped)


def asked_for(wanted: Any, found: Any) -> Any:
    """Return the columns that are wanted, at every level, with the types that files have for them.

    Args:
        wanted: which are.
        found: of the files.
    """
    from pyspark.sql.types import StructField

    pairs = matched(wanted, found)
    if pairs is None:
        return found
    parts = [
        want if ours is None else StructField(ours.name, asked_for(want.dataType, ours.dataType))
        for want, ours in pairs
        if want is not None
    ]
    return of_parts(wanted, parts)


def paths(columns: DataType, prefix: Path = ()) -> Iterator[str]:
    """Yield the names of all fields, those inside of others after a dot."""
    from pyspark.sql.types import StructType

    for part in parts_of(columns) or ():
        is_field = isinstance(columns, StructType)
        name = (*prefix, part.name) if is_field else prefix
        if is_field:
            yield ".".join(name)
        yield from paths(part.dataType, name)


def clashes(first: Any, then: Any, path: Path = ()) -> Iterator[tuple[str, Any, Any]]:
    """Yield the path of each field that has another type in both, and the types."""
    from pyspark.sql.types import StructType

    pairs = matched(first, then)
    if pairs is None:
        if first != then:
            yield ".".join(path), first, then
        return
    for ours, theirs in pairs:
        if ours is not None and theirs is not None:
            name = (*path, ours.name) if isinstance(first, StructType) else path
            yield from clashes(ours.dataType, theirs.dataType, name)


def each_once(columns: Any) -> Any:
    """Return a type whose structs have no name twice, whatever its case; the first one stays."""

    def once(kind: Any) -> Any:
        from pyspark.sql.types import StructField, StructType

        if not isinstance(kind, StructType):
            return inside(kind, once)
        found: dict[str, StructField] = {}
        for field in kind:
            found.setdefault(
                field.name.lower(), StructField(field.name, once(field.dataType), True)
            )
        return StructType([*found.values()])

    return once(columns)


def as_texts(kind: Any) -> Any:
    """Return a type with the same structure, and a text wherever there is a value."""
    from pyspark.sql.types import ArrayType, MapType, StringType, StructType

    if isinstance(kind, StructType | ArrayType | MapType):
        return inside(kind, as_texts)
    return StringType()


def said(columns: StructType) -> StructType:
    """Return columns as their author has said them."""
    from pyspark.sql.types import StructField, StructType

    fields = [
        StructField(each.name, each.dataType, each.nullable, {**each.metadata, SAID: True})
        for each in columns
    ]
    return StructType(fields)


def hinted(columns: StructType, hints: str) -> StructType:
    """Return columns with the types that `schemaHints` gives to them, or to what is in them.

    `a.b INT` is a field of a struct, `a.element INT` an array's, `a.value INT` a map's.

    Raises:
        UsageError: the hints cannot be read.
    """
    for path, kind in _hints(hints):
        columns = _with_hint(columns, path, kind)
    return columns


def _widest(first: Any, then: Any, _: Path) -> Any:
    from pyspark.sql.types import DecimalType, DoubleType, StringType

    words = [each.simpleString().partition("(")[0] for each in (first, then)]
    if set(words) == {"decimal"}:
        scale = max(first.scale, then.scale)
        digits = scale + max(first.precision - first.scale, then.precision - then.scale)
        return DecimalType(digits, scale) if digits <= _MOST_DIGITS else DoubleType()
    for order in _WIDER:
        if set(words) <= set(order):
            return max(
                (first, then), key=lambda each: order.index(each.simpleString().partition("(")[0])
            )
    return StringType()


def _structure(first: Any, then: Any, _: Path, *, tag: str) -> Any:
    """Return the type that XML's values of both have: an array where one is, text in its tag."""
    from pyspark.sql.types import ArrayType, StringType, StructField, StructType

    if isinstance(first, ArrayType) != isinstance(then, ArrayType):
        inner = [
            each.elementType if isinstance(each, ArrayType) else each for each in (first, then)
        ]
        return ArrayType(merged(inner[0], inner[1], functools.partial(_structure, tag=tag)))
    if isinstance(first, StructType) != isinstance(then, StructType):
        parts = first if isinstance(first, StructType) else then
        if tag in parts.names:
            return parts
        return StructType([*parts, StructField(tag, StringType())])
    return first if isinstance(first, StringType) else then


def _shaped(first: Any, then: Any, _: Path) -> Any:
    from pyspark.sql.types import ArrayType, StructType

    if isinstance(first, ArrayType) != isinstance(then, ArrayType):
        inner = [
            each.elementType if isinstance(each, ArrayType) else each for each in (first, then)
        ]
        return ArrayType(merged(inner[0], inner[1], _shaped))
    return then if isinstance(then, StructType) else first


def _hints(text: str) -> Iterator[tuple[tuple[str, ...], DataType]]:
    """Yield the path and the type of each hint."""
    from pyspark.errors import ParseException
    from pyspark.sql.types import StructType

    for part in _split(text):
        names, at = [part[0].value], 1
        while at + 1 < len(part) and part[at].text == ".":
            names.append(part[at + 1].value)
            at += 2
        written = text[part[0].start : part[-1].end]
        if at >= len(part):
            raise UsageError(f"schemaHints: {written} has no type")
        kind = text[part[at].start : part[-1].end]
        try:
            yield tuple(names), StructType.fromDDL(f"x {kind}")[0].dataType
        except ParseException as error:
            line = str(error).strip().splitlines()[0]
            raise UsageError(f"schemaHints: {written} cannot be read: {line}") from None


def _split(text: str) -> Iterator[list[Token]]:
    """Yield the tokens between commas that stand in nothing."""
    part: list[Token] = []
    angles = 0
    for token in tokens(text):
        if token.text == "," and token.kind == "mark" and not angles and not token.depth:
            if part:
                yield part
            part = []
            continue
        angles += (token.text == "<") - (token.text == ">")
        part.append(token)
    if part:
        yield part


def _with_hint(kind: Any, path: Sequence[str], wanted: Any) -> Any:
    """Return a type in which what a path leads to has another type."""
    from pyspark.sql.types import ArrayType, MapType, StructField, StructType

    if not path:
        return wanted
    name, *rest = path
    if isinstance(kind, ArrayType) and name.lower() == "element":
        return ArrayType(_with_hint(kind.elementType, rest, wanted))
    if isinstance(kind, MapType) and name.lower() in {"key", "value"}:
        if name.lower() == "key":
            return MapType(_with_hint(kind.keyType, rest, wanted), kind.valueType)
        return MapType(kind.keyType, _with_hint(kind.valueType, rest, wanted))
    if isinstance(kind, ArrayType):  # of structs, whose field is meant
        return ArrayType(_with_hint(kind.elementType, path, wanted))
    fields = [*kind] if isinstance(kind, StructType) else []
    for at, field in enumerate(fields):
        if field.name.lower() == name.lower():
            inner = _with_hint(field.dataType, rest, wanted)
            fields[at] = StructField(name, inner, True, {**field.metadata, SAID: True})
            break
    else:
        inner = _with_hint(None, rest, wanted)
        fields.append(StructField(name, inner, True, {SAID: True}))
    return StructType(fields)
