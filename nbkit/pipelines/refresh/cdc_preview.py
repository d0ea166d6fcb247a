"""What a table that takes changes would be, were it made now: computed, and nothing written."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from nbkit.errors import UsageError
from nbkit.pipelines.refresh import cdc_versions
from nbkit.pipelines.refresh.cdc_shapes import Shapes
from nbkit.pipelines.refresh.cdc_values import same
from nbkit.pipelines.refresh.cdc_versions import OPERATION, SEQUENCE, SHAPE
from nbkit.pipelines.resolve.cdc_columns import (
    END,
    START,
    column,
    kept,
    names_of,
    next_snapshot,
    read_snapshot,
    version_literal,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame, SparkSession

    from nbkit.pipelines.declare.declarations import Changes, Flow


def preview(spark: SparkSession, flows: Sequence[Flow]) -> DataFrame:
    """Return the rows that the changes of some flows add up to.

    Args:
        spark: the session; what is read by name is answered while this is called.
        flows: all that feed the table.

    Raises:
        UsageError: there is no snapshot yet.
    """
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    changes = flows[0].changes
    assert changes is not None
    shapes, events = Shapes(), []
    if changes.snapshots:
        rows = _between(spark, changes)
        shape = cdc_versions.shape_of(rows.drop(SEQUENCE, OPERATION), flows[0].name, changes)
        events.append(rows.withColumn(SHAPE, F.lit(shapes.number_of(shape))))
    else:
        for flow in flows:
            assert flow.changes is not None
            given = flow.changes.source
            source = given() if callable(given) else spark.read.table(given)
            shape = cdc_versions.shape_of(source, flow.name, flow.changes)
            rows = cdc_versions.as_events(source, flow.changes)
            events.append(rows.withColumn(SHAPE, F.lit(shapes.number_of(shape))))
    every = reduce(lambda left, right: left.unionByName(right, allowMissingColumns=True), events)
    keys = names_of(every, changes.keys)
    columns = [name for name in every.columns if name not in {SEQUENCE, OPERATION, SHAPE}]
    wanted = cdc_versions.events_of(every, keys, None, shapes)
    if changes.scd_type == 1:
        newest = cdc_versions.newest(wanted, keys, columns, shapes)
        return newest.where(F.col(OPERATION) != "delete").drop(OPERATION)
    versions = cdc_versions.history(wanted, keys, columns, changes, shapes)
    return versions.select(*map(column, [*columns, START, END]))


def _between(spark: SparkSession, changes: Changes) -> DataFrame:
    """Return the changes that lead from each snapshot to the next, from nothing to the first."""
    from pyspark.sql import functions as F  # noqa: N812

    rows, version = read_snapshot(spark, changes.source)
    found = [(rows, F.current_timestamp() if version is None else version_literal(version))]
    while version is not None:
        following = next_snapshot(changes.source, version)
        if following is None:
            break
        rows, later = following
        if not later > version:
            raise UsageError(f"after version {version!r} of the snapshots comes {later!r}")
        version = later
        found.append((rows, version_literal(version)))
    events: list[DataFrame] = []
    before: DataFrame | None = None
    for whole, place in found:
        picked = whole.select(*map(column, kept(whole, changes)))
        events.append(_marked(picked, place, "upsert"))
        if before is not None:
            keys = names_of(before, changes.keys)
            gone = before.alias("b").join(picked.alias("p"), same(keys, "b", "p"), "left_anti")
            events.append(_marked(gone, place, "delete"))
        before = picked
    return reduce(lambda left, right: left.unionByName(right, allowMissingColumns=True), events)


def _marked(rows: DataFrame, place: Column, operation: str) -> DataFrame:
    from pyspark.sql import functions as F  # noqa: N812

    return rows.withColumns({SEQUENCE: place, OPERATION: F.lit(operation)})
