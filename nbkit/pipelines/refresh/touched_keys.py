"""The keys that a change touches, and rows with one of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from nbkit.dialect.sql_text import quoted_part
from nbkit.pipelines.refresh import plan_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame

    from nbkit.pipelines.refresh.attempt import Attempt
    from nbkit.pipelines.refresh.proofs.images import Key

_MOST_IN_TEXT = 10_000
"""Values that stand in a condition; with more of them a join is quicker."""

_LONGEST_TEXT = 2_000_000
"""Characters of all conditions together: it takes Spark longer to read more of them."""

_NOT_TEXT = "\N{REPLACEMENT CHARACTER}"
"""What Python has instead of bytes that are no text."""

_INTEGERS = ("tinyint", "smallint", "int", "bigint")


@dataclass(frozen=True, slots=True)
class TouchedKeys:
    """Keys, each once.

    Attributes:
        rows: with the columns of the view that are its key.
        count: how many there are.
        conditions: that rows with one of them fulfil, in SQL, by column; none of a column whose
            values do not stand in text.
        exact: whether all rows that fulfil the conditions have one of them.
    """

    rows: DataFrame
    count: int
    conditions: tuple[str, ...] = ()
    exact: bool = False

    @property
    def condition(self) -> str:
        """All conditions together; empty for none."""
        return " AND ".join(f"({each})" for each in self.conditions)

    def of(self, rows: DataFrame) -> DataFrame:
        """Return the rows with one of the keys."""
        if self.conditions:  # values in a condition let files be skipped, and a join does not
            rows = rows.where(self.condition)
        return rows if self.exact else self._joined(rows, "left_semi")

    def but(self, rows: DataFrame) -> DataFrame:
        """Return the rows with none of the keys."""
        return self._joined(rows, "left_anti")

    def _joined(self, rows: DataFrame, how: str) -> DataFrame:
        names = self.rows.columns
        others = [f"nbkit key {at}" for at in range(len(names))]
        keys = self.rows.toDF(*others)
        pairs = zip(names, others, strict=True)
        same = [
            rows[quoted_part(mine)].eqNullSafe(keys[quoted_part(other)]) for mine, other in pairs
        ]
        return rows.join(keys, reduce(lambda one, other: one & other, same), how)


def touched_keys(attempt: Attempt, key: Key) -> TouchedKeys:
    """Find the keys that the changes of a view's inputs touch; the result is held in memory."""
    operators = plan_parts.numbered(plan_parts.plan_of(attempt.rows))
    names = [attempt.rows.columns[at] for at in key.columns]
    changes = {name: attempt.changes(name) for name, _ in key.images}
    parts = []
    for name, images in key.images:
        columns = plan_parts.valued(images, operators, changes[name])
        parts.append(changes[name].select(*columns).toDF(*names))
    rows = reduce(lambda one, other: one.union(other), parts).distinct().persist()
    try:
        return _counted(rows)
    except Exception:
        rows.unpersist()
        raise


def _counted(rows: DataFrame) -> TouchedKeys:
    """Return keys, with the conditions that they fulfil where there are few of them."""
    count, names = rows.count(), rows.columns
    if count > _MOST_IN_TEXT or not count:
        return TouchedKeys(rows, count)
    found = rows.collect()
    kinds = [field.dataType.simpleString() for field in rows.schema.fields]
    conditions = []
    left = _LONGEST_TEXT
    for at, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        text = _among(quoted_part(name), kind, [row[at] for row in found])
        if text and len(text) <= left:
            conditions.append(text)
            left -= len(text)
    return TouchedKeys(rows, count, tuple(conditions), len(names) == len(conditions) == 1)


def _among(name: str, kind: str, values: Sequence[Any]) -> str:
    """Return the condition that a column has one of some values; empty where it has no text."""
    texts = dict.fromkeys(_literal(value, kind) for value in values if value is not None)
    if not all(texts):
        return ""
    nulls = f"{name} IS NULL" if None in values else ""
    among = f"{name} IN ({', '.join(texts)})" if texts else ""
    return " OR ".join(filter(None, (among, nulls)))


def _literal(value: Any, kind: str) -> str:
    """Return a value in SQL, however the session reads quotes; empty for one that has no text."""
    if kind in _INTEGERS or kind.startswith("decimal"):
        return f"CAST('{value}' AS {kind})"
    if kind == "boolean":
        return str(value).upper()
    if kind == "date":
        return f"DATE'{value.isoformat()}'"
    if kind == "string" and _NOT_TEXT not in value:
        return f"CAST(X'{value.encode().hex()}' AS STRING)"
    return ""
