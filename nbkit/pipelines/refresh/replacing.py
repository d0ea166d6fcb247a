"""Flows whose rows take the place of others in their table: `REPLACE WHERE`, `REPLACE USING`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.pipelines.refresh import fitting
from nbkit.pipelines.refresh.batches import each_batch
from nbkit.pipelines.refresh.cdc_values import of_source, same
from nbkit.pipelines.refresh.live_inputs import expectations_of
from nbkit.pipelines.refresh.once_only import marked
from nbkit.pipelines.refresh.written import Merged, Written
from nbkit.pipelines.resolve.cdc_columns import OURS, column, names_of, sequence_of
from nbkit.pipelines.resolve.names import quoted
from nbkit.quality.splitting import split

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyspark.sql import DataFrame

    from nbkit.pipelines.declare.declarations import Replaces
    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.resolve.graph import AnalysedDataset

_DO, _NEWEST, _THERE = f"{OURS}do", f"{OURS}newest", f"{OURS}there"


def replace(
    rows: DataFrame,
    found: AnalysedDataset,
    replaces: Replaces,
    place: HadoopFolder,
    finished: Callable[[Any], None],
) -> Written:
    """Let the rows of a flow replace others, in one commit for each batch.

    Args:
        rows: of the flow's query.
        found: the table.
        replaces: which rows make room.
        place: the flow's folder of state; its checkpoint.
        finished: waits for the end of a stream.

    Raises:
        UsageError: rows that cannot have a place in the table; nothing was written.
    """
    if replaces.using:
        return _Using(found, replaces, place).run(rows, finished)
    return _where(rows, found, condition_of(replaces.where, rows))


def condition_of(where: Any, rows: DataFrame) -> str:
    """Return a condition as SQL text, whether it was given so or as a PySpark column.

    Spark writes a column as SQL only when it knows what its operators and names are.
    """
    if isinstance(where, str):
        return where
    known = rows.sparkSession.createDataFrame([], rows.schema).where(where)
    return str(known._jdf.queryExecution().analyzed().condition().sql())  # noqa: SLF001 - no other way


def _where(rows: DataFrame, found: AnalysedDataset, condition: str) -> Written:
    """Compute anew the rows that meet a condition, and leave all others."""
    written = Written()
    fitted = _grown(rows.where(condition), found)
    expectations = expectations_of(found.dataset.rules)
    parts = split(fitted, expectations, dataset=found.written)
    with parts.metrics:
        writer = parts.good.write.format("delta").mode("overwrite")
        writer.option("replaceWhere", condition).saveAsTable(quoted(found.key))
        written.add(parts.metrics, own=True)
    if not expectations:
        written.outcomes = []
    return written


def _grown(rows: DataFrame, found: AnalysedDataset) -> DataFrame:
    """Return rows that fit the table, which has all their columns then."""
    session, key = rows.sparkSession, found.key
    table = session.read.table(quoted(key))
    fitted = fitting.fit(rows, table, widens=fitting.widens(session, key))
    if fitted.losses:
        names = ", ".join(fitted.losses)
        raise UsageError(f"the types of {names} are not the table's: cast them in the query")
    if fitted.grows:
        fitting.grow(session, key, fitted.columns)
    return fitted.rows


class _Using:
    """Replaces the rows of each key by those that come, if they are newer."""

    def __init__(self, found: AnalysedDataset, replaces: Replaces, place: HadoopFolder) -> None:
        self._found = found
        self._replaces = replaces
        self._place = place
        self._written = Written()
        *_, generation, name = str(place).split("/")
        self._application = f"{generation}-{name}"

    def run(self, rows: DataFrame, finished: Callable[[Any], None]) -> Written:
        each_batch(rows, self._batch, self._place, finished)
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

        rows = _grown(batch, self._found)
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
        over = kept.where(F.col(_NEWEST) > F.col(_THERE))
        over = over.select(*[column(name, "n").alias(name) for name in keys]).distinct()
        source = come.withColumn(_DO, F.lit("insert")).unionByName(
            over.withColumn(_DO, F.lit("delete")), allowMissingColumns=True
        )
        do = column(_DO, "s")
        merge = DeltaTable.forName(session, key).alias("t")
        merge = merge.merge(source.alias("s"), same(keys, "t", "s") & (do == "delete"))
        merge = merge.whenMatchedDelete()
        merge = merge.whenNotMatchedInsert(do == "insert", values=of_source(rows.columns))
        with marked(session, self._application, number):
            return Merged.of(merge.execute())

    def _there(self, table: DataFrame, keys: Sequence[str], newest: DataFrame) -> DataFrame:
        """Return of each key that comes the newest place that the table has."""
        from pyspark.sql import functions as F  # noqa: N812

        wanted = newest.select(*map(column, keys)).distinct()
        known = table.alias("t").join(wanted.alias("w"), same(keys, "t", "w"), "left_semi")
        order = sequence_of(table, self._replaces.sequence_by)
        return known.groupBy(*map(column, keys)).agg(F.max(order).alias(_THERE))
