"""AUTO CDC: changes are kept in order, and the table is what they add up to.

Every change goes into a log of the table's own first, once. Then the keys that a batch is about
are worked out anew from all their changes, and merged into the table in one commit. So a change
that comes late finds its place, and a batch that is repeated after a crash changes nothing.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.pipelines.files.reading import answering
from nbkit.pipelines.refresh import cdc_versions, fitting
from nbkit.pipelines.refresh.batches import each_batch
from nbkit.pipelines.refresh.cdc_log import ChangeLog
from nbkit.pipelines.refresh.cdc_values import differ, of_source, same
from nbkit.pipelines.refresh.cdc_versions import OPERATION, SEQUENCE, SHAPE
from nbkit.pipelines.refresh.written import Merged, Written
from nbkit.pipelines.resolve.cdc_columns import (
    END,
    START,
    check_stored,
    column,
    names_of,
    read_changes,
)
from nbkit.pipelines.resolve.names import quoted
from nbkit.spark.apart import moved

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import DataType

    from nbkit.pipelines.declare.declarations import Flow
    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.refresh.live_inputs import LiveInputs
    from nbkit.pipelines.resolve.graph import AnalysedDataset


class ChangesInto:
    """Applies one flow of changes to a table.

    Args:
        found: the table.
        flow: what the changes are, and how to read them.
        live: answers the query for the source.
        place: the flow's checkpoint; beside it is the log of all changes of the table.
        generation: the life of the table.
    """

    def __init__(
        self,
        found: AnalysedDataset,
        flow: Flow,
        live: LiveInputs,
        place: HadoopFolder,
        generation: str,
    ) -> None:
        assert flow.changes is not None
        self._found = found
        self._flow = flow
        self._changes = flow.changes
        self._live = live
        self._place = place
        self._application = f"{generation}-{flow.name}"
        self._written = Written()

    def run(self, finished: Callable[[Any], None]) -> Written:
        """Apply everything that is new.

        Args:
            finished: waits for the end of a stream.

        Raises:
            UsageError: changes that cannot be applied; nothing of their batch was written.
        """
        from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

        with answering(self._live):
            source = read_changes(self._live.spark, self._changes, once=self._flow.once)
        self._log = ChangeLog(self._place)
        shape = cdc_versions.shape_of(source, self._flow.name, self._changes)
        self._shape = self._log.begin(shape)
        events = cdc_versions.as_events(source, self._changes)
        events = moved(events.withColumn(SHAPE, F.lit(self._shape)), self._live.session)
        if not events.isStreaming:
            self._application += "-once"
            self._batch(events, 0)
        else:
            each_batch(events, self._batch, self._place, finished)
        return self._written

    def _batch(self, batch: DataFrame, number: int) -> None:
        session, key = batch.sparkSession, self._found.key
        table = session.read.table(quoted(key))
        order = {SEQUENCE: START} if self._changes.scd_type == 2 else {}  # noqa: PLR2004
        check_stored(table, self._changes, batch.columns)
        batch.persist()
        try:
            fitted = fitting.fit(batch, table, widens=fitting.widens(session, key), also=order)
            if not self._checked(batch, fitted):
                return
            if fitted.grows:
                fitting.grow(session, key, fitted.columns)
            self._log.add(fitted.rows, self._application, number)
        finally:
            batch.unpersist()
        self._written.add_merged(self._merged(session, number))

    def _checked(self, batch: DataFrame, fitted: fitting.Fit) -> int:
        """Return how many changes there are, if all of them can be applied; fills the cache, too.

        Raises:
            UsageError: a change has no place in the order, or a value that fits no column.
        """
        from pyspark.sql import functions as F  # noqa: N812

        keys = F.struct(*map(column, names_of(batch, self._changes.keys))).cast("string")
        unplaced = _is_nothing(F.col(SEQUENCE), batch.schema[SEQUENCE].dataType)
        lost = [
            F.first(F.when(condition, column(name).cast("string")), ignorenulls=True)
            for name, condition in fitted.losses.items()
        ]
        row = batch.agg(
            F.count(F.lit(1)), F.count_if(unplaced), F.first(F.when(unplaced, keys), True), *lost
        ).first()
        assert row is not None
        count, without, example, *examples = row
        if without:
            by = self._changes.sequence_by
            raise UsageError(
                f"{without} of {count} changes have no place in their order: "
                f"sequence_by ({by}) is NULL, for example of key {example}; nothing was written"
            )
        losses = dict(zip(fitted.losses, examples, strict=True))
        fitting.check_losses(losses, fitted, batch)
        return int(count)

    def _merged(self, session: SparkSession, number: int) -> Merged:
        """Work out anew the keys that a batch of the log is about."""
        changes, log = self._changes, self._log
        table = session.read.table(quoted(self._found.key))
        events = log.changes(session, self._shape)
        come = log.of_batch(events, self._application, number)
        there = {name.lower() for name in events.columns}
        ends = {START, END} if changes.scd_type == 2 else set()  # noqa: PLR2004 - its name
        columns = [name for name in table.columns if name.lower() in there and name not in ends]
        keys = names_of(table, changes.keys)
        truncated = (
            changes.truncates is not None
            and come.where(f"{OPERATION} = 'truncate'").limit(1).count()
        )
        affected = None if truncated else come.select(*map(column, keys)).distinct()
        wanted = cdc_versions.events_of(events, keys, affected, log.shapes)
        if changes.scd_type == 1:
            rows = cdc_versions.newest(wanted, keys, columns, log.shapes)
            return self._into_table(rows, keys, columns)
        versions = cdc_versions.history(wanted, keys, columns, changes, log.shapes)
        rows = cdc_versions.with_stale(versions, table, keys, affected)
        return self._into_table(rows, [*keys, START], [*columns, START, END])

    def _into_table(self, rows: DataFrame, on: Sequence[str], columns: Sequence[str]) -> Merged:
        """Merge rows, with what to do about each, in one commit."""
        from delta.tables import DeltaTable

        others = [name for name in columns if name not in on]
        merge = (
            DeltaTable.forName(rows.sparkSession, quoted(self._found.key))
            .alias("t")
            .merge(rows.alias("s"), same(on, "t", "s"))
            .whenMatchedDelete(column(OPERATION, "s") == "delete")
        )
        if others:
            changed = differ(others, rows.schema, "t", "s")
            merge = merge.whenMatchedUpdate(changed, set=of_source(others))
        upserts = column(OPERATION, "s") != "delete"
        return Merged.of(merge.whenNotMatchedInsert(upserts, values=of_source(columns)).execute())


def _is_nothing(value: Column, kind: DataType) -> Column:
    """Return whether nothing orders a change: a null, or a struct of nulls."""
    from pyspark.sql.types import StructType

    found = value.isNull()
    if isinstance(kind, StructType):
        parts = [_is_nothing(value.getField(each.name), each.dataType) for each in kind]
        found |= reduce(lambda left, right: left & right, parts)
    return found
