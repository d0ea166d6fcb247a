"""The table beside a dataset for rows that do not belong in it: whose it is, and in step with it.

Good and quarantined rows stand in two tables, and belong to one write. The commit of the dataset's
own table decides: quarantined rows are put aside in a file before it, and reach their table after
it. Whoever comes after a crash sees by that commit whether they are still to come or never were,
whatever the code says by then.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.exact.nested_types import plain
from nbkit.pipelines.declare.declarations import Dataset
from nbkit.pipelines.refresh import snapshots, tables
from nbkit.pipelines.resolve.names import quoted
from nbkit.quality.splitting import FAILED_EXPECTATIONS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.refresh.tables import TableState
    from nbkit.pipelines.resolve.graph import AnalysedDataset
    from nbkit.quality.splitting import Split

_OF = "nbkit.quarantine_of"
"""Property of a quarantine: the key of the dataset that it stands beside."""

_REFRESH = "refresh"
_STAGED = "staged"
_TAKEN_OVER = ("delta.columnmapping.", "delta.feature.", "delta.minreader", "delta.minwriter")
"""Properties of a dataset that decide which columns a table can have."""


def key_of(key: str) -> str:
    """Return the key of the table beside a dataset."""
    return f"{key}_quarantine"


def is_wanted(dataset: Dataset) -> bool:
    """Say whether a dataset has expectations that put rows there."""
    return any(rule.action == "quarantine" for rule in dataset.rules)


def check_is_none(key: str, state: TableState | None) -> None:
    """Keep a dataset from replacing the quarantine of another.

    Raises:
        UsageError: its table is one.
    """
    if state is not None and _OF in state.properties:
        said = f"table {key} is the quarantine of {state.properties[_OF]}"
        raise UsageError(f"{said}: drop it, or give the dataset another name")


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The table beside one dataset.

    Attributes:
        spark: the session.
        found: the dataset.
        owner: the pipeline.
        state: what the table told when the dataset's turn came; None for no table.
    """

    spark: SparkSession
    found: AnalysedDataset
    owner: str
    state: TableState | None

    @property
    def key(self) -> str:
        """Its own key."""
        return key_of(self.found.key)

    @property
    def is_ours(self) -> bool:
        """Whether there is such a table, made by this pipeline for this dataset."""
        mine = self.state is not None and self.state.owner == self.owner
        return mine and self.state.properties.get(_OF) == self.found.key  # type: ignore[union-attr]

    def check(self) -> None:
        """See that the table may be made or used, before anything is touched.

        Raises:
            UsageError: there is a table of that name that is somebody else's, or something else.
        """
        if is_wanted(self.found.dataset) and self.state is not None and not self.is_ours:
            tables.check_owner(self.key, self.state, self.owner)
            said = f"table {self.key} is in the way of the quarantine of {self.found.name}"
            raise UsageError(f"{said}: drop it, or give the dataset another name")

    def is_apart(self, record: Any) -> bool:
        """Say whether a materialized view and its quarantine are of different refreshes."""
        if not is_wanted(self.found.dataset):
            return False
        return not self.is_ours or self.state.record.get(_REFRESH) != record.get(_REFRESH)  # type: ignore[union-attr]

    def ensure(self, generation: str) -> None:
        """Let it be there for one life of a streaming table, without rows of another."""
        if not is_wanted(self.found.dataset):
            if self.is_ours and self.state.generation != generation:  # type: ignore[union-attr]
                self._empty()  # the rows are all in the dataset again
            return
        if self.is_ours and self.state.generation == generation:  # type: ignore[union-attr]
            return
        tables.begin(
            self.spark,
            self.key,
            self._dataset(),
            _shape(self.found.columns),
            pipeline=self.owner,
            record={},
            generation=generation,
        )

    def replace(self, parts: Split, refresh: str) -> None:
        """Put what a refresh of a materialized view has found there, or nothing any more."""
        if parts.quarantine is not None:
            record = {_REFRESH: refresh}
            tables.replace(parts.quarantine, self.key, self._dataset(), self.owner, record)
        elif self.is_ours:
            self._empty()

    def _empty(self) -> None:
        self.spark.sql(f"DELETE FROM {quoted(self.key)}")  # noqa: S608 - quoted

    def _dataset(self) -> Dataset:
        """Return the table as a declaration."""
        dataset = self.found.dataset
        comment = f"Rows that failed expectations of {self.found.key}"
        properties = {
            name: value
            for name, value in dataset.properties.items()
            if name.lower().startswith(_TAKEN_OVER)
        }
        noted = {**properties, _OF: self.found.key}
        return Dataset(self.key, "streaming_table", dataset.place, comment, noted)


def noted(refresh: str) -> dict[str, str]:
    """Return what the record of a materialized view says of its quarantine."""
    return {_REFRESH: refresh}


def append_both(parts: Split, key: str, place: HadoopFolder, application: str, number: int) -> None:
    """Append good and quarantined rows to their tables, each once, whatever ends the process.

    Args:
        parts: the rows; the same at each look.
        key: of the dataset.
        place: the flow's folder of state.
        application: the name that the flow's transactions have in the table's log.
        number: of this transaction; the next one has a greater one.
    """
    spark = parts.good.sparkSession
    assert parts.quarantine is not None
    if not _is_committed(spark, key, application, number):
        folder = place / _STAGED / str(number)
        writer = parts.quarantine.write.format("parquet").mode("overwrite")
        writer.save(str(folder))
        append_once(parts.good, key, application, number)
    deliver(spark, key, place, application)


def deliver(spark: SparkSession, key: str, place: HadoopFolder, application: str) -> None:
    """Bring quarantined rows to their table whose good rows have reached theirs; forget others."""
    for name in sorted((place / _STAGED).names()):
        folder = place / _STAGED / name
        if name.isdigit() and _is_committed(spark, key, application, int(name)):
            rows = spark.read.parquet(str(folder))
            if not rows.isEmpty():
                append_once(rows, key_of(key), application, int(name))
        folder.remove()


def has_staged(place: HadoopFolder) -> bool:
    """Say whether a flow has quarantined rows that may still have to reach their table."""
    return any(name.isdigit() for name in (place / _STAGED).names())


def append_once(rows: DataFrame, key: str, application: str, number: int) -> None:
    """Append rows to a Delta table, unless this number, or a later one, was appended already."""
    writer = rows.write.format("delta").mode("append").option("mergeSchema", "true")
    writer = writer.option("txnAppId", application).option("txnVersion", number)
    writer.saveAsTable(quoted(key))


def application_of(place: HadoopFolder, otherwise: str) -> str:
    """Return the name that a flow's transactions have in the log of its table.

    It is the stream's own, which Spark gives it in its checkpoint and Delta notes for each batch:
    so the flow can change between being written by Delta's sink and batch by batch.
    """
    text = (place / "metadata").read()
    return otherwise if text is None else str(json.loads(text)["id"])


def _is_committed(spark: SparkSession, key: str, application: str, number: int) -> bool:
    """Say whether a table has noted a transaction, or a later one, of an application."""
    last = snapshots.transaction_of(spark, key, application)
    return last is not None and last >= number


def _shape(columns: StructType) -> StructType:
    """Return a dataset's columns without what they demand of values, and what a row fails."""
    from pyspark.sql.types import ArrayType, StringType, StructField, StructType

    failed = StructField(FAILED_EXPECTATIONS, ArrayType(StringType()))
    return StructType([*plain(columns), failed])
