"""Rows that are the same at every look, because they are those of one version of a Delta table.

Rows for two tables come from two looks at a source. Spark promises nothing about the second:
the source may have changed, `rand()` and `current_timestamp()` have other values, ties another
order. So rows are kept in between, which costs about as much as a third of writing them. There is
one kind of rows, and a frequent one, for which that is not needed: rows of a Delta table, chosen
and computed row by row, when both looks are at one version of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.toolkit.session import is_classic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame

_ROW_BY_ROW = {"Project", "Filter", "SubqueryAlias", "View"}
_DELTA = "org.apache.spark.sql.delta.files.TahoeLogFileIndex"
_CHANGING = ("CURRENT_LIKE", "PLAN_EXPRESSION", "PYTHON_UDF", "SCALA_UDF")
"""What has another value at another time, or may have: the time, other tables, people's code."""


def fixed(df: DataFrame, judging: Sequence[str]) -> DataFrame | None:
    """Return the DataFrame at the version that its Delta table has now.

    None where rows, or the columns that `judging` adds to them, could be others at a second look,
    or where Spark does not let itself be asked.
    """
    from py4j.protocol import Py4JError

    spark = df.sparkSession
    if df.isStreaming or not is_classic(spark):
        return None
    try:
        plan = df.selectExpr("*", *judging)._jdf.queryExecution().analyzed()  # noqa: SLF001 - PySpark has no other way
        files = _files_of_one_table(plan)
        if files is None or not _same_each_time(plan, spark._jvm):  # noqa: SLF001
            return None
        found = df._jdf.queryExecution().analyzed()  # noqa: SLF001
        return type(df)(_at_its_version(found, files, spark), spark)
    except (Py4JError, TypeError):  # another Delta than ours, or a Spark that hides its insides
        return None


def _files_of_one_table(plan: Any) -> Any:
    while plan.nodeName() in _ROW_BY_ROW and plan.children().size() == 1:
        plan = plan.children().apply(0)
    if not plan.getClass().getName().endswith(".LogicalRelation"):
        return None
    files = getattr(plan.relation(), "location", lambda: None)()
    return files if files is not None and files.getClass().getName() == _DELTA else None


def _same_each_time(plan: Any, jvm: Any) -> bool:
    patterns = jvm.org.apache.spark.sql.catalyst.trees.TreePattern
    return bool(plan.deterministic()) and not any(
        plan.containsPattern(getattr(patterns, name)()) for name in _CHANGING
    )


def _at_its_version(plan: Any, files: Any, spark: Any) -> Any:
    jvm = spark._jvm.org.apache.spark.sql  # noqa: SLF001
    at = (files.getSnapshot(), files.catalogTableOpt(), files.partitionFilters(), True)
    now = files.copy(files.spark(), files.deltaLog(), files.path(), *at)
    told = jvm.delta.DeltaTableUtils.replaceFileIndex(plan, now)
    return jvm.classic.Dataset.ofRows(spark._jsparkSession, told)  # noqa: SLF001
