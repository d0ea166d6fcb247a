"""Databricks' paths and names of tables, in notebooks and in the sources of pipelines."""

from __future__ import annotations

from nbkit.toolkit import on_pyspark, spark_paths, three_levels


def understand() -> None:
    """Let PySpark and Delta of this process take them; doing it again changes nothing."""
    on_pyspark.on_import(spark_paths.understand_in_pyspark)
    on_pyspark.on_import(three_levels.understand_in_pyspark)
    on_pyspark.on_import(three_levels.understand_in_delta, "delta.tables")
    on_pyspark.on_import(spark_paths.understand_in_delta, "delta.tables")
