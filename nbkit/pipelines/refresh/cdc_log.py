"""The log of all changes of a table, beside its checkpoints: each of them once, as it came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.pipelines.refresh.cdc_shapes import Shapes
from nbkit.pipelines.refresh.cdc_versions import SHAPE
from nbkit.pipelines.refresh.fitting import WIDENING
from nbkit.pipelines.resolve.cdc_columns import OURS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.refresh.cdc_shapes import Shape

BATCH = f"{OURS}batch"
"""Which flow's batch brought a change. It comes first, so that Delta knows which files have it."""

_OPTIONS = {"mergeSchema": "true", "delta.columnMapping.mode": "name", WIDENING: "true"}
"""Names of every kind, and types that grow with the table's; only nbkit reads it."""


class ChangeLog:
    """Keeps the changes of one life of a table.

    Args:
        beside: a folder of state beside which it lies.
    """

    def __init__(self, beside: HadoopFolder) -> None:
        self._address = beside.beside("nbkit-changes").address
        self._file = beside.beside("nbkit-changes.json")
        self.shapes = Shapes.read(self._file.read())

    def begin(self, shape: Shape) -> int:
        """Note what the changes of a flow say from now on; returns the number of that."""
        before = self.shapes.text()
        number = self.shapes.number_of(shape)
        if self.shapes.text() != before:
            self._file.write(self.shapes.text())
        return number

    def add(self, events: DataFrame, application: str, number: int) -> None:
        """Add the changes of a batch, unless they were added already."""
        from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

        marked = events.select(F.lit(f"{application}:{number}").alias(BATCH), "*")
        writer = marked.write.format("delta").mode("append").options(**_OPTIONS)
        writer.option("txnAppId", application).option("txnVersion", number).save(self._address)

    def changes(self, spark: SparkSession, shape: int) -> DataFrame:
        """Return all changes; those without a shape, of an older nbkit, have the given one."""
        from pyspark.sql import functions as F  # noqa: N812

        found = spark.read.format("delta").load(self._address)
        return found.withColumn(SHAPE, F.coalesce(SHAPE, F.lit(shape)))

    def of_batch(self, events: DataFrame, application: str, number: int) -> DataFrame:
        """Return those of the changes that a batch brought."""
        from pyspark.sql import functions as F  # noqa: N812

        return events.where(F.col(BATCH) == f"{application}:{number}")
