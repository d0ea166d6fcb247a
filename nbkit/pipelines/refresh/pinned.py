"""Rows of the versions that a refresh writes down: each Delta table is read at one, and no later.

Spark looks for a table's newest version when rows are read, and that is after the query was made.
What is recorded of a refresh has to be what it has read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.pipelines.resolve.query_plan import delta_files, leaves, version_of
from nbkit.pipelines.scala import option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame


@dataclass(frozen=True, slots=True)
class Pinned:
    """A query whose Delta tables are read at fixed versions.

    Attributes:
        rows: the query.
        versions: of each table, by its path and, where it has one, by its name in the catalog:
            identity and version.
    """

    rows: DataFrame
    versions: Mapping[str, str]

    def of(self, inputs: Mapping[str, str]) -> dict[str, str]:
        """Return versions of inputs as they are read, for those that are Delta tables."""
        return {name: self.versions.get(name, version) for name, version in inputs.items()}


def pinned(rows: DataFrame) -> Pinned:
    """Return a query that reads each Delta table at the version that it has now."""
    spark = rows.sparkSession
    jvm: Any = spark._jvm  # noqa: SLF001 - PySpark has no other way
    plan = rows._jdf.logicalPlan()  # noqa: SLF001
    try:
        replaced = jvm.nbkit.Replaced()
    except TypeError:  # without the classes no view is ever left as it is
        return Pinned(rows, {})
    snapshots: dict[str, Any] = {}
    versions: dict[str, str] = {}
    for leaf in leaves(plan):
        files = delta_files(leaf)
        if files is None or files.isTimeTravelQuery():
            continue
        path = str(files.path())
        if path not in snapshots:
            snapshots[path] = files.getSnapshot()
            versions[path] = version_of(snapshots[path])
        table = option(leaf.catalogTable())
        if table is not None:
            name = table.identifier()
            versions[f"{option(name.database())}.{name.table()}".lower()] = versions[path]
        replaced.add(leaf, _at(leaf, files, snapshots[path]))
    if not snapshots:
        return Pinned(rows, versions)
    told = jvm.org.apache.spark.sql.classic.Dataset.ofRows(
        spark._jsparkSession,  # noqa: SLF001
        replaced.of(plan),
    )
    return Pinned(type(rows)(told, spark), versions)


def _at(leaf: Any, files: Any, snapshot: Any) -> Any:
    """Return a leaf that reads its table at a snapshot."""
    at = (snapshot, files.catalogTableOpt(), files.partitionFilters(), True)
    place = files.copy(files.spark(), files.deltaLog(), files.path(), *at)
    of = leaf.relation()
    columns = (of.partitionSchema(), of.dataSchema(), of.bucketSpec())
    relation = of.copy(place, *columns, of.fileFormat(), of.options(), of.sparkSession())
    return leaf.copy(
        relation, leaf.output(), leaf.catalogTable(), leaf.isStreaming(), leaf.stream()
    )
