"""What the changes of some keys add up to: the newest row of each, or all its versions."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from nbkit.pipelines.resolve.cdc_columns import (
    END,
    START,
    expression,
    filled,
    kept,
    names_of,
    tracked,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame

    from nbkit.pipelines.declare.declarations import Changes

SEQUENCE, OPERATION = "__nbkit_sequence", "__nbkit_operation"
"""What orders a change among others of its key; and `upsert`, `delete` or `truncate`."""

_RUN, _NUMBER, _NEW = "__nbkit_run", "__nbkit_number", "__nbkit_new"


def as_events(source: DataFrame, changes: Changes) -> DataFrame:
    """Return changes as what they do, and in which order, to which values."""
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    operation = F.lit("upsert")
    if changes.deletes is not None:
        operation = F.when(expression(changes.deletes), "delete").otherwise(operation)
    if changes.truncates is not None:
        operation = F.when(expression(changes.truncates), "truncate").otherwise(operation)
    columns = dict.fromkeys([*kept(source, changes), *names_of(source, changes.keys)])
    sequence = expression(changes.sequence_by).alias(SEQUENCE)
    return source.select(*columns, sequence, operation.alias(OPERATION))


def between(snapshots: Sequence[tuple[DataFrame, Column]], keys: Sequence[str]) -> DataFrame:
    """Return the changes that lead from each snapshot to the next, from nothing to the first.

    Args:
        snapshots: in their order, each with what it is known by.
        keys: columns that identify a row.
    """
    from pyspark.sql import functions as F  # noqa: N812

    found = []
    before: DataFrame | None = None
    for rows, version in snapshots:
        marks = {SEQUENCE: version, OPERATION: F.lit("upsert")}
        found.append(rows.withColumns(marks))
        if before is not None:
            gone = before.join(rows.select(*keys), list(keys), "left_anti")
            found.append(gone.withColumns({**marks, OPERATION: F.lit("delete")}))
        before = rows
    return reduce(lambda left, right: left.unionByName(right), found)


def events_of(events: DataFrame, keys: Sequence[str], affected: DataFrame | None) -> DataFrame:
    """Return the changes of some keys, one for each place in the order.

    A truncation is a deletion of every key, and of every change before it.

    Args:
        events: all changes.
        keys: columns that identify a row.
        affected: the keys that are wanted; None for all.
    """
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    truncations = events.where(F.col(OPERATION) == "truncate")
    last = truncations.agg(F.max(SEQUENCE).alias("__nbkit_truncated"))
    found = events.where(F.col(OPERATION) != "truncate")
    if affected is not None:
        same = [found[key].eqNullSafe(affected[key]) for key in keys]
        found = found.join(affected, reduce(lambda left, right: left & right, same), "left_semi")
    found = found.crossJoin(F.broadcast(last))
    gone = F.col(SEQUENCE) <= F.col("__nbkit_truncated")
    found = found.withColumn(OPERATION, F.when(gone, "delete").otherwise(F.col(OPERATION)))
    return found.drop("__nbkit_truncated").dropDuplicates([*keys, SEQUENCE])


def newest(
    events: DataFrame, keys: Sequence[str], columns: Sequence[str], changes: Changes
) -> DataFrame:
    """Return the newest row of each key, and whether it is to be deleted."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812

    rows = _filled(events, keys, filled(columns, changes))
    order = Window.partitionBy(*keys).orderBy(F.col(SEQUENCE).desc())
    found = rows.withColumn(_NUMBER, F.row_number().over(order)).where(F.col(_NUMBER) == 1)
    return found.select(*columns, OPERATION)


def history(
    events: DataFrame, keys: Sequence[str], columns: Sequence[str], changes: Changes
) -> DataFrame:
    """Return all versions of each key, with when they began and ended.

    Changes that leave the tracked columns as they were belong to one version, which has the
    values of the last of them.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812

    rows = _filled(events, keys, filled(columns, changes))
    order = Window.partitionBy(*keys).orderBy(SEQUENCE)
    before = F.lag(OPERATION).over(order)
    new: Column = before.isNull() | (before == "delete") | (F.col(OPERATION) == "delete")
    for name in tracked(columns, changes):
        new |= ~F.col(f"`{name}`").eqNullSafe(F.lag(f"`{name}`").over(order))
    numbered = rows.withColumn(_NEW, new.cast("int"))
    numbered = numbered.withColumn(_NUMBER, F.sum(_NEW).over(order))
    others = [name for name in columns if name not in keys]
    values = F.max_by(F.struct(*[F.col(f"`{name}`") for name in others]), F.col(SEQUENCE))
    versions = numbered.groupBy(*keys, _NUMBER).agg(
        F.min(SEQUENCE).alias(START),
        F.min(OPERATION).alias(OPERATION),
        *([values.alias("__nbkit_values")] if others else []),
    )
    following = Window.partitionBy(*keys).orderBy(START)
    versions = versions.withColumn(END, F.lead(START).over(following))
    picked = [
        F.col(f"`{name}`") if name in keys else F.col(f"__nbkit_values.`{name}`").alias(name)
        for name in columns
    ]
    return versions.where(F.col(OPERATION) != "delete").select(*picked, START, END, OPERATION)


def with_stale(
    versions: DataFrame, table: DataFrame, keys: Sequence[str], affected: DataFrame | None
) -> DataFrame:
    """Return versions, and besides them the rows of a table that are no version any more."""
    from pyspark.sql import functions as F  # noqa: N812

    rows = table
    if affected is not None:
        same = [rows[key].eqNullSafe(affected[key]) for key in keys]
        rows = rows.join(affected, reduce(lambda left, right: left & right, same), "left_semi")
    known = versions.select(*[F.col(name).alias(f"__nbkit_{name}") for name in [*keys, START]])
    same = [F.col(name).eqNullSafe(F.col(f"__nbkit_{name}")) for name in [*keys, START]]
    stale = rows.join(known, reduce(lambda left, right: left & right, same), "left_anti")
    return versions.unionByName(stale.withColumn(OPERATION, F.lit("delete")))


def _filled(events: DataFrame, keys: Sequence[str], columns: Sequence[str]) -> DataFrame:
    """Return changes whose nulls in some columns have the last value since the last deletion."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812

    if not columns:
        return events
    order = Window.partitionBy(*keys).orderBy(SEQUENCE)
    deleted = F.when(F.col(OPERATION) == "delete", 1).otherwise(0)
    runs = events.withColumn(_RUN, F.sum(deleted).over(order))
    alive = Window.partitionBy(*keys, _RUN).orderBy(SEQUENCE)
    is_upsert = F.col(OPERATION) == "upsert"
    values = {
        name: F.last(F.when(is_upsert, F.col(f"`{name}`")), ignorenulls=True).over(alive)
        for name in columns
    }
    return runs.withColumns(values).drop(_RUN)
