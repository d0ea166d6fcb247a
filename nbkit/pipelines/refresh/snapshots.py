"""What Delta's newest snapshot of a table tells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbkit.pipelines.resolve.names import of_two_levels
from nbkit.pipelines.resolve.query_plan import version_of
from nbkit.pipelines.scala import option

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.types import StructType


def snapshot_of(spark: SparkSession, key: str, known: Any = None) -> Any:
    """Return Delta's newest snapshot of a table; None if there is no table."""
    from pyspark.errors import AnalysisException

    jvm: Any = spark._jvm  # noqa: SLF001 - Delta's log has no Python API
    session = spark._jsparkSession  # noqa: SLF001
    table = known or session.sessionState().sqlParser().parseTableIdentifier(of_two_levels(key))
    try:
        log = jvm.org.apache.spark.sql.delta.DeltaLog.forTable(session, table)
    except AnalysisException as error:
        if error.getCondition() not in {"TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND"}:
            raise
        return None
    return _newest(log, jvm)


def version_at(spark: SparkSession, path: str) -> str | None:
    """Return identity and version of the Delta table in a folder; None if there is none."""
    snapshot = _snapshot_at(spark, path)
    return None if snapshot.version() < 0 else version_of(snapshot)


def transaction_of(spark: SparkSession, key: str, application: str) -> int | None:
    """Return the last transaction that a table has noted of an application; None for none."""
    snapshot = snapshot_of(spark, key)
    noted = None if snapshot is None else option(snapshot.transactions().get(application))
    return None if noted is None else int(noted)


def size_of(spark: SparkSession, key: str, known: Any = None) -> int | None:
    """Return how many bytes of files a table has now; None if there is no table."""
    snapshot = snapshot_of(spark, key, known)
    return None if snapshot is None else _bytes_of(snapshot)


def size_at(spark: SparkSession, path: str) -> int:
    """Return how many bytes of files the Delta table in a folder has now."""
    return _bytes_of(_snapshot_at(spark, path))


def has_feed_at(spark: SparkSession, path: str) -> bool:
    """Say whether the Delta table in a folder has a change feed."""
    return has_feed(_snapshot_at(spark, path))


def _bytes_of(snapshot: Any) -> int:
    """Return how many bytes of files a table has; its log is gone through only for want of sums."""
    sums = option(snapshot.checksumOpt())
    return int(snapshot.sizeInBytes() if sums is None else sums.tableSizeBytes())


def has_feed(snapshot: Any) -> bool:
    """Say whether a table has a change feed."""
    said = option(snapshot.metadata().configuration().get("delta.enableChangeDataFeed"))
    return str(said).lower() == "true"


def columns_of(spark: SparkSession, key: str) -> StructType:
    """Return the columns of a table that exists."""
    from pyspark.sql.types import StructType

    return StructType.fromJson(json.loads(snapshot_of(spark, key).schema().json()))


def _newest(log: Any, jvm: Any) -> Any:
    nothing = jvm.scala.Option.empty()
    return log.update(False, nothing, nothing)


def _snapshot_at(spark: SparkSession, path: str) -> Any:
    jvm: Any = spark._jvm  # noqa: SLF001 - as in `snapshot_of`
    log = jvm.org.apache.spark.sql.delta.DeltaLog.forTable(spark._jsparkSession, path)  # noqa: SLF001
    return _newest(log, jvm)
