"""Empty DataFrames with the columns of a dataset that does not exist yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.pipelines.declare.column_list import metadata_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from nbkit.pipelines.resolve.plan_tree import Node

DATASET = "nbkit.dataset"
"""Option of a stream that stands for a dataset: the dataset's key."""
MARK = "nbkit dataset "
"""What a plan calls a stand-in, before the dataset's key; queries only see the name above it."""


def batch(spark: SparkSession, columns: StructType, key: str) -> DataFrame:
    """Return no rows of these columns, called as the table would be."""
    return _called(no_rows(spark, _as_read(columns)), key)


def no_rows(spark: SparkSession, columns: StructType) -> DataFrame:
    """Return an empty relation: there is no job to make it."""
    from pyspark.sql import DataFrame

    java: Any = spark._jsparkSession  # noqa: SLF001 - PySpark itself would start one
    nothing = spark._jvm.java.util.ArrayList()  # noqa: SLF001
    return DataFrame(java.createDataFrame(nothing, java.parseDataType(columns.json())), spark)


def stream(spark: SparkSession, columns: StructType, key: str) -> DataFrame:
    """Return a stream of these columns that is never started."""
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    ticks = spark.readStream.format("rate").option(DATASET, key).load()
    rows = ticks.select(
        *(
            F.lit(None).cast(field.dataType).alias(field.name, metadata=field.metadata)
            for field in _as_read(columns)
        )
    )
    return _called(rows, key)


def stands_for(node: Node) -> str | None:
    """Return the key of the dataset that a node of a plan stands for; None for any other node."""
    if node.kind != "SubqueryAlias":
        return None
    name = str(node.fields["identifier"].get("name", ""))
    return name.removeprefix(MARK) if name.startswith(MARK) else None


def _as_read(columns: StructType) -> StructType:
    """Return columns as who reads a table has them: how Delta fills them is the table's own."""
    from pyspark.sql.types import StructField, StructType

    return StructType(
        [
            StructField(field.name, field.dataType, field.nullable, metadata_of(field))
            for field in columns
        ]
    )


def _called(rows: DataFrame, key: str) -> DataFrame:
    return rows.alias(f"{MARK}{key}").alias(key.rpartition(".")[2])
