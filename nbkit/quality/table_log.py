"""What the log of a Delta table tells of writes: which were committed, and what came after them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.toolkit.session import is_classic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import SparkSession

    from nbkit.quality.once import GoneAfter, Writing

_DELTA = "org.apache.spark.sql.delta.files.TahoeLogFileIndex"
_EMPTYING = {"TRUNCATE", "RESTORE", "REPLACE TABLE", "CREATE OR REPLACE TABLE", "CLONE"}
_KEEPING = {
    *("OPTIMIZE", "VACUUM START", "VACUUM END", "ANALYZE TABLE", "COMPUTE STATS", "REORG"),
    *("ADD COLUMNS", "CHANGE COLUMN", "CHANGE COLUMNS", "RENAME COLUMN", "ADD CONSTRAINT"),
    *("DROP CONSTRAINT", "SET TBLPROPERTIES", "UNSET TBLPROPERTIES", "UPGRADE PROTOCOL"),
    *("CLUSTER BY", "ADD FEATURE", "DROP FEATURE", "CREATE TABLE", "CREATE TABLE AS SELECT"),
}
"""Operations after which all rows are there that were there before; appends are too."""


def noted(spark: SparkSession, table: str, by: Writing) -> int | None:
    """Return when a write was committed, in milliseconds since the epoch; None if it was not.

    Over Spark Connect nobody tells.
    """
    from py4j.protocol import Py4JError

    if not is_classic(spark) or not spark.catalog.tableExists(table):
        return None
    plan: Any = spark.table(table)._jdf.queryExecution().analyzed()  # noqa: SLF001 - PySpark has no other way
    while plan.children().size():
        plan = plan.children().apply(0)
    if not plan.getClass().getName().endswith(".LogicalRelation"):
        return None
    try:
        files = plan.relation().location()
    except Py4JError:  # no relation over files
        return None
    if files.getClass().getName() != _DELTA:
        return None
    told = files.getSnapshot().setTransactions()
    for each in (told.apply(place) for place in range(told.size())):
        if each.appId() == by.application and int(each.version()) >= by.number:
            when = each.lastUpdated()
            return int(when.get()) if when.isDefined() else 0
    return None


def emptied(spark: SparkSession, table: str, since: int, gone_after: GoneAfter) -> int | None:
    """Return the last version that may have removed rows that were there, or None.

    Args:
        spark: the session.
        table: a Delta table.
        since: milliseconds since the epoch; only what came later counts.
        gone_after: what counts: `nothing`, what empties the table `whole`, or `anything` else
            than an append and what keeps all rows.
    """
    if gone_after == "nothing":
        return None
    told = spark.sql(f"DESCRIBE HISTORY {table}").selectExpr(
        "version", "operation", "operationParameters", f"unix_millis(timestamp) > {since} as later"
    )
    removing = _empties if gone_after == "whole" else _removes
    versions = (
        int(version)
        for version, operation, parameters, later in told.collect()
        if later and removing(operation, parameters or {})
    )
    return max(versions, default=None)


def _empties(operation: str, parameters: Mapping[str, str]) -> bool:
    wholly = not parameters.get("predicate", "").strip("[]")
    if operation == "WRITE":
        return parameters.get("mode") == "Overwrite" and wholly
    if operation == "DELETE":
        return wholly
    return operation in _EMPTYING or operation.startswith(("REPLACE", "CREATE OR REPLACE"))


def _removes(operation: str, parameters: Mapping[str, str]) -> bool:
    if operation in {"WRITE", "STREAMING UPDATE"}:
        return "Append" not in {parameters.get("mode"), parameters.get("outputMode")}
    return operation not in _KEEPING
