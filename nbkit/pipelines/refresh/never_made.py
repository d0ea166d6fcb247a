"""What an update leaves that was killed while it made a table for the first time.

Delta writes files, then their commit, and only then is the table in the catalog. A kill before the
commit leaves a folder that is no table's, and in which Delta makes no empty table. Rows of a query
it writes there, and a folder with a commit it takes over.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from nbkit.pipelines.resolve.names import of_two_levels, quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import SparkSession


def made(make: Callable[[], object], spark: SparkSession, key: str) -> None:
    """Make a table, also where an update was killed before it was one.

    What that one left is put aside, under a name of its own beside the folder: it was never part of
    a table, but whoever put something there by hand still finds it.

    Args:
        make: makes the table `key`, and may be called twice.
        spark: the session.
        key: `schema.name`.
    """
    from pyspark.errors import AnalysisException

    try:
        make()
    except AnalysisException as error:
        refused = error.getCondition() == "DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION"
        if not refused or not _put_aside(spark, key):
            raise
        make()


def _put_aside(spark: SparkSession, key: str) -> bool:
    """Move a folder away that is no table's; say whether that was done."""
    session, jvm = spark._jsparkSession, spark._jvm  # noqa: SLF001 - PySpark has no other way
    assert jvm is not None
    if spark.catalog.tableExists(quoted(key)):
        return False
    name = session.sessionState().sqlParser().parseTableIdentifier(of_two_levels(key))
    folder = jvm.org.apache.hadoop.fs.Path(session.sessionState().catalog().defaultTablePath(name))
    log: Any = jvm.org.apache.spark.sql.delta.DeltaLog.forTable(session, folder)
    nothing = jvm.scala.Option.empty()
    if log.update(False, nothing, nothing).version() >= 0:
        return False
    files = folder.getFileSystem(session.sessionState().newHadoopConf())
    aside = jvm.org.apache.hadoop.fs.Path(
        folder.getParent(), f"_never_made_{folder.getName()}_{uuid.uuid4().hex[:8]}"
    )
    moved = bool(files.rename(folder, aside))
    jvm.org.apache.spark.sql.delta.DeltaLog.invalidateCache(session, folder)
    return moved
