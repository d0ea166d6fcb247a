"""Types with parts, seen in one way: a struct has fields, an array `element`, a map `key`, `value`.

What walks over types, or over two of them at once, is made of these: parts of two types that have
the same name, in any case, are of one column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyspark.sql.types import DataType, StructField

    Path = tuple[str, ...]
    Pair = tuple[StructField | None, StructField | None]


def parts_of(kind: DataType | None) -> list[StructField] | None:
    """Return the parts of a type; None for one that has none, such as a number's."""
    from pyspark.sql.types import ArrayType, MapType, StructField, StructType

    if isinstance(kind, StructType):
        return list(kind.fields)
    if isinstance(kind, ArrayType):
        return [StructField("element", kind.elementType, kind.containsNull)]
    if isinstance(kind, MapType):
        value = StructField("value", kind.valueType, kind.valueContainsNull)
        return [StructField("key", kind.keyType, False), value]
    return None


def of_parts(like: DataType, parts: Sequence[StructField]) -> Any:
    """Return a type of the same sort as another one, with these parts."""
    from pyspark.sql.types import ArrayType, MapType, StructType

    if isinstance(like, StructType):
        return StructType(list(parts))
    if isinstance(like, ArrayType):
        (element,) = parts
        return ArrayType(element.dataType, element.nullable)
    assert isinstance(like, MapType)
    key, value = parts
    return MapType(key.dataType, value.dataType, value.nullable)


def matched(first: DataType, then: DataType) -> list[Pair] | None:
    """Return the parts of two types side by side: the first's, and then what only the other has.

    None where they are not both structs, both arrays or both maps.
    """
    ours, theirs = parts_of(first), parts_of(then)
    if ours is None or theirs is None or type(first) is not type(then):
        return None
    others = {part.name.lower(): part for part in theirs}
    pairs: list[Pair] = [(part, others.pop(part.name.lower(), None)) for part in ours]
    return [*pairs, *((None, part) for part in others.values())]


def merged(
    first: DataType,
    then: DataType,
    otherwise: Callable[[DataType, DataType, Path], DataType],
    path: Path = (),
) -> Any:
    """Return a type that has the parts of both, at every level.

    Args:
        first: its parts come first, and are spelled so.
        then: the other one.
        otherwise: decides where both have something at a path, and not the same.
        path: of names that both lie in.
    """
    from pyspark.sql.types import StructField

    if first == then:
        return first
    pairs = matched(first, then)
    if pairs is None:
        return otherwise(first, then, path)
    parts = []
    for ours, theirs in pairs:
        if ours is not None and theirs is not None:
            kind = merged(ours.dataType, theirs.dataType, otherwise, (*path, ours.name))
            parts.append(StructField(ours.name, kind, ours.nullable, ours.metadata))
        elif (only := ours or theirs) is not None:
            parts.append(only)
    return of_parts(first, parts)


def inside(kind: Any, change: Callable[[Any], Any]) -> Any:
    """Return a type whose parts are changed; they may be null, and nothing else is said of them."""
    from pyspark.sql.types import StructField

    parts = parts_of(kind)
    if parts is None:
        return kind
    return of_parts(kind, [StructField(part.name, change(part.dataType)) for part in parts])


def plain(kind: Any) -> Any:
    """Return a type without what is said about its fields, and what they demand of values."""
    return inside(kind, plain)


def with_nulls(kind: Any) -> Any:
    """Return a type whose parts may be null; what else is said of them stays."""
    from pyspark.sql.types import StructField

    parts = parts_of(kind)
    if parts is None:
        return kind
    found = [
        StructField(part.name, with_nulls(part.dataType), metadata=part.metadata) for part in parts
    ]
    return of_parts(kind, found)
