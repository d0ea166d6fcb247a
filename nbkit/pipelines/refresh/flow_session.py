"""A Spark session for one flow: its own settings and names, the pipeline's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession


def session_for(spark: SparkSession, conf: Mapping[str, str]) -> SparkSession:
    """Return a copy of a session with settings of its own."""
    from pyspark.sql import SparkSession as Plain

    copy = Plain(spark.sparkContext, spark._jsparkSession.cloneSession())  # noqa: SLF001
    for name, value in conf.items():
        copy.conf.set(name, value)
    return copy


def moved(rows: DataFrame, session: SparkSession) -> DataFrame:
    """Return the same query in another session, which will run it with its own settings."""
    from pyspark.sql import DataFrame as Plain

    jvm = session._jvm  # noqa: SLF001 - PySpark has no other way
    plan = rows._jdf.logicalPlan()  # noqa: SLF001
    java = jvm.org.apache.spark.sql.classic.Dataset.ofRows(session._jsparkSession, plan)  # noqa: SLF001
    return Plain(java, session)
