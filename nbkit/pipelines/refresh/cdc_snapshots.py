"""AUTO CDC from snapshots: a table follows what its source looks like as a whole."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from nbkit.pipelines.refresh.written import Merged
from nbkit.pipelines.resolve.cdc_columns import END, START, names_of, tracked
from nbkit.pipelines.resolve.names import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame

    from nbkit.pipelines.declare.declarations import Changes

_DO = "__nbkit_do"


def follow(rows: DataFrame, version: Any, key: str, changes: Changes) -> Merged:
    """Make a table follow a snapshot, in one commit; the same one again changes nothing.

    Returns:
        What that did to the table's rows.

    Args:
        rows: the snapshot.
        version: which one it is; None for the present time.
        key: the table's name.
        changes: keys and type.
    """
    keys = names_of(rows, changes.keys)
    if changes.scd_type == 1:
        return _overwrite(rows, key, keys)
    return _extend(rows, version, key, keys, changes)


def _overwrite(rows: DataFrame, key: str, keys: Sequence[str]) -> Merged:
    from delta.tables import DeltaTable

    table = DeltaTable.forName(rows.sparkSession, quoted(key)).alias("t")
    merge = table.merge(rows.alias("s"), _same(keys))
    others = [name for name in rows.columns if name not in keys]
    if others:
        merge = merge.whenMatchedUpdate(_differs(others), set=_values(others))
    merge = merge.whenNotMatchedInsert(values=_values(rows.columns))
    return Merged.of(merge.whenNotMatchedBySourceDelete().execute())


def _extend(
    rows: DataFrame, version: Any, key: str, keys: Sequence[str], changes: Changes
) -> Merged:
    """End the versions that are over and begin the new ones."""
    from delta.tables import DeltaTable
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    session = rows.sparkSession
    table = session.read.table(quoted(key))
    kind = table.schema[START].dataType
    when = (F.current_timestamp() if version is None else F.lit(version)).cast(kind)
    current = table.where(F.col(END).isNull())
    columns = list(rows.columns)
    decisive = tracked(columns, changes)
    new, old = rows.alias("n"), current.alias("o")
    on = reduce(
        lambda left, right: left & right,
        [F.col(f"n.`{name}`").eqNullSafe(F.col(f"o.`{name}`")) for name in keys],
    )
    both = new.join(old, on, "full_outer")
    is_new, is_old = F.col(f"n.`{keys[0]}`").isNotNull(), F.col(f"o.`{START}`").isNotNull()
    moved = reduce(
        lambda left, right: left | right,
        [~F.col(f"n.`{name}`").eqNullSafe(F.col(f"o.`{name}`")) for name in decisive],
        F.lit(False),
    )
    joined = both.select(
        *[F.coalesce(F.col(f"n.`{name}`"), F.col(f"o.`{name}`")).alias(name) for name in keys],
        *[F.col(f"n.`{name}`").alias(name) for name in columns if name not in keys],
        F.when(is_new & ~is_old, F.array(F.lit("begin")))
        .when(is_old & ~is_new, F.array(F.lit("end")))
        .when(moved, F.array(F.lit("end"), F.lit("begin")))
        .otherwise(F.array(F.lit("keep")))
        .alias(_DO),
    )
    source = joined.withColumn(_DO, F.explode(_DO)).withColumn("__nbkit_when", when)
    others = [name for name in columns if name not in keys]
    matched = f"{_same(keys)} AND t.`{END}` IS NULL AND s.{_DO} <> 'begin'"
    merge = DeltaTable.forName(session, quoted(key)).alias("t").merge(source.alias("s"), matched)
    merge = merge.whenMatchedUpdate(f"s.{_DO} = 'end'", set={f"`{END}`": "s.__nbkit_when"})
    if others:
        keep = f"s.{_DO} = 'keep' AND ({_differs(others)})"
        merge = merge.whenMatchedUpdate(keep, set=_values(others))
    begun = {**_values(columns), f"`{START}`": "s.__nbkit_when", f"`{END}`": "null"}
    merge = merge.whenNotMatchedInsert(f"s.{_DO} = 'begin'", values=begun)
    return Merged.of(merge.execute())


def _same(keys: Sequence[str]) -> str:
    return " AND ".join(f"t.`{name}` <=> s.`{name}`" for name in keys)


def _differs(columns: Sequence[str]) -> str:
    return " OR ".join(f"NOT (t.`{name}` <=> s.`{name}`)" for name in columns)


def _values(columns: Sequence[str]) -> dict[str, str]:
    return {f"`{name}`": f"s.`{name}`" for name in columns}
