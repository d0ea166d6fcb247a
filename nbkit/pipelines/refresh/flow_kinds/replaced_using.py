"""`REPLACE USING`: the rows of each key make room for those that come, if they are newer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.errors import UsageError
from nbkit.pipelines.refresh import fitting
from nbkit.pipelines.refresh.batches import each_batch
from nbkit.pipelines.refresh.cdc_values import of_source, same
from nbkit.pipelines.refresh.drained import is_drained
from nbkit.pipelines.refresh.flow_kinds import FlowKind
from nbkit.pipelines.refresh.once_only import marked
from nbkit.pipelines.refresh.written import Merged, Written
from nbkit.pipelines.resolve.cdc_columns import OURS, column, names_of, sequence_of
from nbkit.pipelines.resolve.names import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame

    from nbkit.pipelines.refresh.flow_work import FlowWork
    from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow

_DO, _NEWEST, _THERE, _KNOWN = (f"{OURS}{name}" for name in ("do", "newest", "there", "known"))


def _takes(flow: AnalysedFlow, _: AnalysedDataset) -> bool:
    return flow.flow.replaces is not None and bool(flow.flow.replaces.using)


class Using:
    """Replaces the rows of each key by those that come, if they are newer."""

    def __init__(self, work: FlowWork) -> None:
        assert work.flow.flow.replaces is not None
        self._work = work
        self._found = work.found
        self._replaces = work.flow.flow.replaces
        self._written = Written()

    def run(self) -> Written:
        """Replace by all batches that there are, in one commit for each.

        Raises:
            UsageError: rows that cannot have a place in the table; nothing was written.
        """
        each_batch(self._work.queried, self._batch, self._work.place, self._work.finished)
        return self._written

    def _batch(self, batch: DataFrame, number: int) -> None:
        from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

        batch.persist()
        try:
            order = sequence_of(batch, self._replaces.sequence_by)
            row = batch.agg(F.count(F.lit(1)), F.count_if(order.isNull())).first()
            assert row is not None
            if row[1]:
                by = self._replaces.sequence_by
                raise UsageError(
                    f"{row[1]} of {row[0]} rows have no place in their order: SEQUENCE BY "
                    f"{by} is NULL; nothing was written"
                )
            if row[0]:
                self._written.add_merged(self._merged(batch, number))
        finally:
            batch.unpersist()

    def _merged(self, batch: DataFrame, number: int) -> Merged:
        from delta.tables import DeltaTable
        from pyspark.sql import Window
        from pyspark.sql import functions as F  # noqa: N812

        rows = fitting.grown(batch, self._found.key)
        session, key = rows.sparkSession, quoted(self._found.key)
        table = session.read.table(key)
        keys = names_of(rows, self._replaces.using)
        order = sequence_of(rows, self._replaces.sequence_by)
        by_key = Window.partitionBy(*map(column, keys))
        newest = rows.withColumn(_NEWEST, F.max(order).over(by_key)).where(order == F.col(_NEWEST))
        there = self._there(table, keys, newest)
        joined = newest.alias("n").join(there.alias("t"), same(keys, "n", "t"), "left")
        kept = joined.where(F.col(_THERE).isNull() | (F.col(_NEWEST) >= F.col(_THERE)))
        come = kept.select(*[column(name, "n").alias(name) for name in rows.columns])
        older = F.col(_THERE).isNull() | (F.col(_NEWEST) > F.col(_THERE))
        over = kept.where(F.col(_KNOWN) & older)  # also rows from before the order had a column
        over = over.select(*[column(name, "n").alias(name) for name in keys]).distinct()
        source = come.withColumn(_DO, F.lit("insert")).unionByName(
            over.withColumn(_DO, F.lit("delete")), allowMissingColumns=True
        )
        do = column(_DO, "s")
        merge = DeltaTable.forName(session, key).alias("t")
        merge = merge.merge(source.alias("s"), same(keys, "t", "s") & (do == "delete"))
        merge = merge.whenMatchedDelete()
        merge = merge.whenNotMatchedInsert(do == "insert", values=of_source(rows.columns))
        with marked(session, self._work.application, number):
            return Merged.of(merge.execute())

    def _there(self, table: DataFrame, keys: Sequence[str], newest: DataFrame) -> DataFrame:
        """Return of each key that the table knows the newest place; NULL is older than any."""
        from pyspark.sql import functions as F  # noqa: N812

        wanted = newest.select(*map(column, keys)).distinct()
        known = table.alias("t").join(wanted.alias("w"), same(keys, "t", "w"), "left_semi")
        order = sequence_of(table, self._replaces.sequence_by)
        return known.groupBy(*map(column, keys)).agg(
            F.max(order).alias(_THERE), F.lit(True).alias(_KNOWN)
        )


KIND = FlowKind(
    "replaced using",
    _takes,
    lambda work: Using(work).run(),
    lambda flow, _, place, versions: is_drained(flow.frame, place, versions),
)
