"""What the changes of some keys add up to: the newest row of each, or all its versions."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from nbkit.pipelines.refresh.cdc_shapes import Shape
from nbkit.pipelines.refresh.cdc_values import comparable, same
from nbkit.pipelines.resolve.cdc_columns import (
    END,
    OURS,
    START,
    column,
    expression,
    filled,
    kept,
    names_of,
    sequence_of,
    tracked,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame, WindowSpec
    from pyspark.sql.types import DataType, StructType

    from nbkit.pipelines.declare.declarations import Changes
    from nbkit.pipelines.refresh.cdc_shapes import Shapes

SEQUENCE, OPERATION, SHAPE = f"{OURS}sequence", f"{OURS}operation", f"{OURS}shape"
"""What orders a change among others of its key; `upsert`, `delete` or `truncate`; its shape."""

_RUN, _NUMBER, _NEW, _NEXT = (f"{OURS}{name}" for name in ("run", "number", "new", "next"))
_TRUNCATED, _VALUES, _RANK = (f"{OURS}{name}" for name in ("truncated", "values", "rank"))


def as_events(source: DataFrame, changes: Changes) -> DataFrame:
    """Return changes as what they do, and in which order, to which values."""
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    operation = F.lit("upsert")
    if changes.deletes is not None:
        operation = F.when(expression(changes.deletes), "delete").otherwise(operation)
    if changes.truncates is not None:
        operation = F.when(expression(changes.truncates), "truncate").otherwise(operation)
    sequence = sequence_of(source, changes.sequence_by).alias(SEQUENCE)
    columns = [column(name) for name in kept(source, changes)]
    return source.select(*columns, sequence, operation.alias(OPERATION))


def shape_of(source: DataFrame, flow: str, changes: Changes) -> Shape:
    """Return what the changes of a flow say about which columns."""
    columns = kept(source, changes)
    keys = {name.lower() for name in names_of(source, changes.keys)}
    others = [name for name in columns if name.lower() not in keys]
    nulls = filled(others, changes)
    return Shape(
        flow,
        tuple(name.lower() for name in others),
        tuple(name.lower() for name in nulls),
        truncates=changes.truncates is not None,
        keys=tuple(sorted(keys)),
    )


def events_of(
    events: DataFrame, keys: Sequence[str], affected: DataFrame | None, shapes: Shapes
) -> DataFrame:
    """Return the changes of some keys.

    A truncation is a deletion of every key, and of every change before it.

    Args:
        events: all changes.
        keys: columns that identify a row.
        affected: the keys that are wanted; None for all.
        shapes: of the changes.
    """
    from pyspark.sql import functions as F  # noqa: N812

    found = events
    if shapes.truncate:
        found = events.where(F.col(OPERATION) != "truncate")
    if affected is not None:
        found = found.alias("e").join(affected.alias("a"), same(keys, "e", "a"), "left_semi")
    if not shapes.truncate:
        return found
    truncations = events.where(F.col(OPERATION) == "truncate")
    last = truncations.agg(F.max(SEQUENCE).alias(_TRUNCATED))
    found = found.crossJoin(F.broadcast(last))
    gone = F.col(SEQUENCE) <= F.col(_TRUNCATED)
    operation = F.when(gone, "delete").otherwise(F.col(OPERATION))
    return found.withColumn(OPERATION, operation).drop(_TRUNCATED)


def newest(
    events: DataFrame, keys: Sequence[str], columns: Sequence[str], shapes: Shapes
) -> DataFrame:
    """Return the newest row of each key, and whether it is to be deleted."""
    from pyspark.sql import functions as F  # noqa: N812

    rows = _in_order(events, keys, columns, shapes).where(F.col(_NEXT).isNull())
    return rows.select(*map(column, columns), OPERATION)


def history(
    events: DataFrame,
    keys: Sequence[str],
    columns: Sequence[str],
    changes: Changes,
    shapes: Shapes,
) -> DataFrame:
    """Return all versions of each key, with when they began and ended.

    Changes that leave the tracked columns as they were belong to one version, which has the
    values of the last of them.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812

    rows = _in_order(events, keys, columns, shapes)
    rows = rows.where(F.col(_NEXT).isNull() | (F.col(_NEXT) != F.col(SEQUENCE)))
    by_key = [column(name) for name in keys]
    order = Window.partitionBy(*by_key).orderBy(SEQUENCE)
    before = F.lag(OPERATION).over(order)
    new: Column = before.isNull() | (before == "delete") | (F.col(OPERATION) == "delete")
    for name in tracked(columns, changes):
        kind = rows.schema[name].dataType
        was = comparable(F.lag(column(name)).over(order), kind)
        new |= ~comparable(column(name), kind).eqNullSafe(was)
    numbered = rows.withColumn(_NEW, new.cast("int"))
    numbered = numbered.withColumn(_NUMBER, F.sum(_NEW).over(order))
    others = [name for name in columns if name not in keys]
    values = F.max_by(F.struct(*map(column, others)), F.col(SEQUENCE))
    versions = numbered.groupBy(*by_key, _NUMBER).agg(
        F.min(SEQUENCE).alias(START),
        F.min(OPERATION).alias(OPERATION),
        *([values.alias(_VALUES)] if others else []),
    )
    following = Window.partitionBy(*by_key).orderBy(START)
    versions = versions.withColumn(END, F.lead(START).over(following))
    picked = [
        column(name) if name in keys else F.col(_VALUES).getField(name).alias(name)
        for name in columns
    ]
    return versions.where(F.col(OPERATION) != "delete").select(*picked, START, END, OPERATION)


def with_stale(
    versions: DataFrame, table: DataFrame, keys: Sequence[str], affected: DataFrame | None
) -> DataFrame:
    """Return versions, and besides them the rows of a table that are no version any more."""
    from pyspark.sql import functions as F  # noqa: N812

    rows = table.select(*map(column, versions.drop(OPERATION).columns))
    if affected is not None:
        rows = rows.alias("r").join(affected.alias("a"), same(keys, "r", "a"), "left_semi")
    marks = [*keys, START]
    known = versions.select(*[column(name).alias(f"{OURS}{at}") for at, name in enumerate(marks)])
    on = [column(name).eqNullSafe(F.col(f"{OURS}{at}")) for at, name in enumerate(marks)]
    stale = rows.join(known, reduce(lambda left, right: left & right, on), "left_anti")
    return versions.unionByName(stale.withColumn(OPERATION, F.lit("delete")))


def _in_order(
    events: DataFrame, keys: Sequence[str], columns: Sequence[str], shapes: Shapes
) -> DataFrame:
    """Return changes with what each column is after them, and the place of the next one.

    Changes at one place of the order come in an order of their own, that does not depend on when
    they came: a deletion is the last of them, and what the last one leaves is what counts.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812

    by_key = [column(name) for name in keys]
    rank = F.when(F.col(OPERATION) == "delete", 1).otherwise(0)
    rows = events.withColumn(_RANK, rank)
    others = [name for name in columns if name not in keys]
    ties = [comparable(column(name), events.schema[name].dataType) for name in sorted(others)]
    order = Window.partitionBy(*by_key).orderBy(SEQUENCE, _RANK, *ties)
    rows = rows.withColumn(_NEXT, F.lead(SEQUENCE).over(order))
    partly = [name for name in others if len(shapes.givers(name)[0]) < len(shapes.known)]
    if not partly:
        return rows
    rows = rows.withColumn(_RUN, F.sum(_RANK).over(order))
    alive = Window.partitionBy(*by_key, _RUN).orderBy(SEQUENCE, _RANK, *ties)
    values = {
        name: _last_given(column(name), events.schema[name].dataType, shapes.givers(name), alive)
        for name in partly
    }
    return rows.withColumns(values)


def _last_given(
    value: Column, kind: DataType, givers: tuple[list[int], list[int]], alive: WindowSpec
) -> Column:
    """Return what a column is after a change: what the last one says that says anything."""
    from pyspark.sql import functions as F  # noqa: N812
    from pyspark.sql.types import StructType

    if isinstance(kind, StructType) and givers[1]:  # a null inside leaves that part as it was
        return _struct_of_last(value, kind, givers, alive)
    always, unless_null = (F.col(SHAPE).isin(numbers) for numbers in givers)
    upserts = F.col(OPERATION) == "upsert"
    given = upserts & (always | (unless_null & value.isNotNull()))
    return (
        F.last(F.when(given, F.struct(value.alias("_"))), ignorenulls=True)
        .over(alive)
        .getField("_")
    )


def _struct_of_last(
    value: Column, kind: StructType, givers: tuple[list[int], list[int]], alive: WindowSpec
) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    parts = [
        _last_given(value.getField(field.name), field.dataType, givers, alive) for field in kind
    ]
    named = [part.alias(field.name) for part, field in zip(parts, kind, strict=True)]
    always, unless_null = (F.col(SHAPE).isin(numbers) for numbers in givers)
    upserts = F.col(OPERATION) == "upsert"
    is_there = F.when(upserts & always, value.isNotNull())
    is_there = is_there.when(upserts & unless_null & _says_something(value, kind), F.lit(True))
    return F.when(F.last(is_there, ignorenulls=True).over(alive), F.struct(*named))


def _says_something(value: Column, kind: DataType) -> Column:
    """Return whether anything in a value is not null."""
    from pyspark.sql.types import StructType

    if not isinstance(kind, StructType):
        return value.isNotNull()
    parts = [_says_something(value.getField(field.name), field.dataType) for field in kind]
    return reduce(lambda left, right: left | right, parts)
