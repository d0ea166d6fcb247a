"""Names of columns as authors write them, and as SQL has them.

A rule is made before anybody knows its table, and `a.b` may be a column of that name or the field
`b` of the column `a`. So ready-made rules keep the names as they were written, and are bound to
the columns that are there when they meet them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.near import hint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType


Named = Callable[[str], str]
"""Takes a column's name as its author wrote it, and returns it as SQL has it."""


class UnknownColumnError(ValueError):
    """There is no column, or field of one, of that name."""


def quoted(name: str) -> str:
    """Return a column's name as SQL has it."""
    return f"`{name.replace('`', '``')}`"


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that there are.

    Attributes:
        schema: of the rows.
        exactly: whether capitals tell names apart (`spark.sql.caseSensitive`).
    """

    schema: StructType
    exactly: bool = False

    @classmethod
    def of(cls, df: DataFrame) -> Columns:
        """Return the columns of a DataFrame."""
        told = df.sparkSession.conf.get("spark.sql.caseSensitive", "false")
        return cls(df.schema, str(told).lower() == "true")

    def __call__(self, name: str) -> str:
        """Return a column, or a field of one, as SQL has it.

        Args:
            name: of a column; or, where there is none, a path to a field: `address.city`.

        Raises:
            UnknownColumnError: there is nothing of that name, with the nearest that there is.
        """
        if self._has(self.schema, name) is not None:
            return quoted(name)
        parts = _parts(name)
        if parts is not None and self._reaches(parts):
            return ".".join(map(quoted, parts))
        known = [*self.schema.names, *_paths(self.schema)]
        raise UnknownColumnError(f"there is no column {name}{hint(name, known)}")

    def same(self, one: str, other: str) -> bool:
        """Whether Spark takes two names for one."""
        return one == other if self.exactly else one.lower() == other.lower()

    def _has(self, of: Any, name: str) -> Any:
        """Return the type of a field; None if there is none of that name."""
        for field in getattr(of, "fields", ()):
            if self.same(field.name, name):
                return field.dataType
        return None

    def _reaches(self, parts: list[str]) -> bool:
        kind: Any = self.schema
        for part in parts:
            if getattr(kind, "typeName", str)() == "map":
                kind = kind.valueType
                continue
            while getattr(kind, "typeName", str)() == "array":
                kind = kind.elementType
            kind = self._has(kind, part)
            if kind is None:
                return False
        return True


def _parts(name: str) -> list[str] | None:
    """Return the parts of a path, each of which may stand in back-ticks; None if it is none."""
    parts, at = [], 0
    while True:
        if name[at : at + 1] == "`":
            part, at = _in_ticks(name, at + 1)
        else:
            end = name.find(".", at)
            end = len(name) if end < 0 else end
            part, at = name[at:end], end
        parts.append(part)
        if at == len(name):
            return parts if all(parts) else None
        if name[at] != ".":
            return None
        at += 1


def _in_ticks(name: str, at: int) -> tuple[str, int]:
    part = ""
    while (end := name.find("`", at)) >= 0:
        part += name[at:end]
        if name[end + 1 : end + 2] != "`":
            return part, end + 1
        part, at = part + "`", end + 2
    return "", len(name)


def _paths(schema: StructType) -> Iterator[str]:
    for field in schema.fields:
        for inner in getattr(field.dataType, "fields", ()):
            yield f"{field.name}.{inner.name}"
