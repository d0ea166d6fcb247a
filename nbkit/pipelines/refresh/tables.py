"""Delta tables of a pipeline: what is known about them, and how they are replaced in one commit.

What a refresh was about (definition, versions of inputs) stands in the table's own properties,
written by the commit that it describes: there is no second place that could tell otherwise.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbkit.dialect.sql_text import literal, quoted_part
from nbkit.errors import UsageError
from nbkit.pipelines.files.hadoop_folder import HadoopFolder
from nbkit.pipelines.refresh import never_made, records, snapshots
from nbkit.pipelines.refresh.partial_writes import REFRESH
from nbkit.pipelines.resolve.names import quoted
from nbkit.pipelines.resolve.query_plan import version_of
from nbkit.pipelines.scala import option, scala_map, sequence
from nbkit.spark import apart

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.pipelines.declare.declarations import Dataset

_OWNER = "nbkit.pipeline"
_RECORD = REFRESH
_GENERATION = "nbkit.generation"
_DECLARED = "nbkit.declared"
"""The names of the properties that the code declared: those that it declares no more go."""
_CLUSTERED = "nbkit.clustered"
"""The columns that the code clusters the table by."""

_OURS = (_OWNER, _RECORD, _GENERATION, _DECLARED, _CLUSTERED)


@dataclass(frozen=True, slots=True)
class TableState:
    """A stored dataset as its table tells.

    Attributes:
        version: identity and version of the table, as one text.
        number: the version's number alone.
        owner: the pipeline that made it; empty for anybody else.
        record: what the last refresh noted.
        generation: which life it is, of a streaming table.
        properties: all others.
        log: folder of its log.
        comment: what people read about it in the catalog.
        declared: names of the properties that the code had declared.
        clustered: columns that the code has clustered it by; None where nobody noted that.
        partitioned: columns that it is partitioned by.
    """

    version: str
    number: int
    owner: str = ""
    record: Mapping[str, Any] = field(default_factory=dict)
    generation: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    log: str = ""
    comment: str = ""
    declared: tuple[str, ...] = ()
    clustered: tuple[str, ...] | None = None
    partitioned: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Folder of the table."""
        return self.log.removesuffix("/_delta_log")


def catalogued(spark: SparkSession, keys: Iterable[str]) -> dict[str, Any]:
    """Return what the catalog knows about those of some tables that are Delta's, by their keys.

    It is asked once for each schema: Hive answers one question at a time, and takes as long for
    one table as for many.
    """
    jvm: Any = spark._jvm  # noqa: SLF001 - PySpark has no other way
    catalog = spark._jsparkSession.sessionState().catalog().externalCatalog()  # noqa: SLF001
    schemas: dict[str, Any] = {}
    for key in keys:
        schema, _, name = key.partition(".")
        schemas.setdefault(schema, jvm.java.util.ArrayList()).add(name)
    found = {}
    for schema, names in schemas.items():
        if not catalog.databaseExists(schema):
            continue
        asked = jvm.org.apache.spark.api.python.PythonUtils.toSeq(names)
        for table in sequence(catalog.getTablesByName(schema, asked)):
            if option(table.provider()) == "delta":
                found[f"{schema}.{table.identifier().table()}"] = table
    return found


def state_of(spark: SparkSession, key: str, known: Any = None) -> TableState | None:
    """Return what a table tells; None if there is none.

    Args:
        spark: the session.
        key: the table's name.
        known: what the catalog knows about it, if it was asked already.

    Raises:
        UsageError: there is something of that name, but no Delta table.
    """
    snapshot = snapshots.snapshot_of(spark, key, known)
    if snapshot is None:
        return None
    if snapshot.version() < 0:
        raise UsageError(f"{key} exists, and is no Delta table")
    metadata = snapshot.metadata()
    properties = scala_map(metadata.configuration())
    return TableState(
        version_of(snapshot),
        int(snapshot.version()),
        properties.get(_OWNER, ""),
        records.last_record(
            HadoopFolder(spark, str(snapshot.path())),
            int(snapshot.version()),
            json.loads(properties.get(_RECORD, "{}")),
        ),
        properties.get(_GENERATION, ""),
        {name: value for name, value in properties.items() if name not in _OURS},
        str(snapshot.path()),
        str(metadata.description() or ""),
        tuple(json.loads(properties.get(_DECLARED, "[]"))),
        tuple(json.loads(properties[_CLUSTERED])) if _CLUSTERED in properties else None,
        tuple(str(name) for name in sequence(metadata.partitionColumns())),
    )


def check_owner(key: str, state: TableState | None, pipeline: str) -> None:
    """Keep a pipeline from replacing what it has not made.

    Raises:
        UsageError: the table is somebody else's.
    """
    if state is not None and state.owner != pipeline:
        whose = f"pipeline {state.owner}" if state.owner else "somebody else"
        raise UsageError(
            f"table {key} was made by {whose}: drop it, or give the dataset another name"
        )


def replace(
    rows: DataFrame,
    key: str,
    dataset: Dataset,
    pipeline: str,
    record: Mapping[str, Any] | None = None,
    *,
    properties: Mapping[str, str] | None = None,
) -> None:
    """Replace a table, or make it, by the rows of a query, in one commit.

    Readers see all of the old rows or all of the new ones; if the query fails, the old stay.

    Args:
        rows: the query.
        key: of the table.
        dataset: as declared.
        pipeline: whose it is.
        record: of the refresh.
        properties: that it has besides those that are declared.
    """
    view = "nbkit_rows"  # the session is this flow's alone
    rows.createOrReplaceTempView(view)
    told = {_OWNER: pipeline, _RECORD: json.dumps(record or {}, sort_keys=True)}
    noted = {**(properties or {}), **told}
    head = f"CREATE OR REPLACE TABLE {quoted(key)} USING delta"
    clauses = _clauses(dataset, noted)
    query = f"AS SELECT * FROM {view}"  # noqa: S608 - the name is ours
    statement = " ".join([head, *clauses, query])
    never_made.made(lambda: rows.sparkSession.sql(statement), rows.sparkSession, key)


def begin(
    spark: SparkSession,
    key: str,
    dataset: Dataset,
    columns: Any,
    *,
    pipeline: str,
    record: Mapping[str, Any],
    generation: str = "",
) -> str:
    """Make a streaming table, or empty it, in one commit; returns which life of it this is.

    Checkpoints belong to a life, so that none is ever used with rows of another.
    """
    from delta.tables import DeltaTable

    generation = generation or uuid.uuid4().hex
    noted = {
        _OWNER: pipeline,
        _GENERATION: generation,
        _RECORD: json.dumps(record, sort_keys=True),
        _DECLARED: json.dumps(sorted(dataset.properties)),
        _CLUSTERED: json.dumps(dataset.cluster_by),
    }
    builder = DeltaTable.createOrReplace(_in_own_catalog(spark))
    builder = builder.tableName(quoted(key)).addColumns(columns)
    if dataset.partition_by:
        builder = builder.partitionedBy(*dataset.partition_by)
    if dataset.cluster_by:
        builder = builder.clusterBy(*dataset.cluster_by)
    if dataset.comment:
        builder = builder.comment(dataset.comment)
    if dataset.path:
        builder = builder.location(dataset.path)
    for name, value in {**dataset.properties, **noted}.items():
        builder = builder.property(name, value)
    never_made.made(builder.execute, spark, key)
    return generation


def _in_own_catalog(spark: SparkSession) -> SparkSession:
    """Return a session that has its own catalog in use: Delta's builder knows no other.

    One that has another is copied, since other flows use it at the same time.
    """
    if spark.catalog.currentCatalog() == "spark_catalog":
        return spark
    copy = apart.copied(spark)
    copy.catalog.setCurrentCatalog("spark_catalog")
    return copy


def describe(spark: SparkSession, key: str, dataset: Dataset, state: TableState) -> str:
    """Let a table that stays have the comment, properties and clustering that its code has now.

    Returns:
        What was changed, or is not as the code says, in words; empty for nothing.
    """
    changes = changes_to_make(dataset, state)
    if changes.cluster_by is not None:  # before the property that notes it, should this die
        columns = f"({_listed(changes.cluster_by)})" if changes.cluster_by else "NONE"
        spark.sql(f"ALTER TABLE {quoted(key)} CLUSTER BY {columns}")
    if changes.set_properties:
        spark.sql(f"ALTER TABLE {quoted(key)} SET TBLPROPERTIES ({_pairs(changes.set_properties)})")
    if changes.unset_properties:
        names = ", ".join(map(literal, changes.unset_properties))
        spark.sql(f"ALTER TABLE {quoted(key)} UNSET TBLPROPERTIES IF EXISTS ({names})")
    if changes.comment is not None:
        spark.sql(f"COMMENT ON TABLE {quoted(key)} IS {literal(changes.comment)}")
    changed = ["its comment"] if changes.comment is not None else []
    changed += ["its clustering"] if changes.cluster_by is not None else []
    others = changes.unset_properties or any(name not in _OURS for name in changes.set_properties)
    changed += ["its properties"] if others else []
    said = f"{' and '.join(changed)} changed" if changed else ""
    return "; ".join(filter(None, (said, *changes.stays)))


@dataclass(frozen=True, slots=True)
class TableChanges:
    """What of a table's description is not as its code has it.

    Attributes:
        comment: the new one; None if it stays.
        set_properties: with their new values.
        unset_properties: names of those that the code declares no more.
        cluster_by: the columns to cluster it by; None if they stay.
        stays: what only a full refresh can change, in words.
    """

    comment: str | None = None
    set_properties: Mapping[str, str] = field(default_factory=dict)
    unset_properties: tuple[str, ...] = ()
    cluster_by: tuple[str, ...] | None = None
    stays: tuple[str, ...] = ()


def changes_to_make(dataset: Dataset, state: TableState) -> TableChanges:
    """Return what of a table's description is not as its code has it."""
    wanted = {
        name: str(value)
        for name, value in dataset.properties.items()
        if not name.lower().startswith(_NOT_KEPT)
    }
    changed = {name: each for name, each in wanted.items() if state.properties.get(name) != each}
    gone = tuple(
        name
        for name in state.declared
        if name not in dataset.properties and name in state.properties
    )
    if changed or gone or (wanted and not state.declared):
        changed[_DECLARED] = json.dumps(sorted(dataset.properties))
    comment = None if dataset.comment == state.comment else dataset.comment
    stays = []
    if _lower(dataset.partition_by) != _lower(state.partitioned):
        there = f"is partitioned by {', '.join(state.partitioned)}"
        there = there if state.partitioned else "is not partitioned"
        wanted_by = ", ".join(dataset.partition_by) or "nothing"
        stays.append(f"its table {there}, and a full refresh partitions it by {wanted_by}")
    cluster_by = None
    if dataset.cluster_by != (state.clustered or ()) and not stays:
        cluster_by = dataset.cluster_by
        changed[_CLUSTERED] = json.dumps(cluster_by)
    return TableChanges(comment, changed, gone, cluster_by, tuple(stays))


def _lower(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.lower() for name in names)


_NOT_KEPT = ("delta.feature.", "delta.minreader", "delta.minwriter")
"""Properties that ask for a protocol, and stand in no table afterwards."""


def ensure_schemas(spark: SparkSession, keys: Sequence[str]) -> None:
    """Make the schemas that tables stand in."""
    for schema in dict.fromkeys(key.partition(".")[0] for key in keys):
        spark.sql(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")


def _clauses(dataset: Dataset, noted: Mapping[str, str]) -> list[str]:
    listed = _pairs({**dataset.properties, **noted})
    clauses = []
    if dataset.partition_by:
        clauses.append(f"PARTITIONED BY ({_listed(dataset.partition_by)})")
    if dataset.cluster_by:
        clauses.append(f"CLUSTER BY ({_listed(dataset.cluster_by)})")
    if dataset.path:
        clauses.append(f"LOCATION {literal(dataset.path)}")
    if dataset.comment:
        clauses.append(f"COMMENT {literal(dataset.comment)}")
    return [*clauses, f"TBLPROPERTIES ({listed})"]


def _pairs(properties: Mapping[str, str]) -> str:
    return ", ".join(f"{literal(name)} = {literal(value)}" for name, value in properties.items())


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(".".join(quoted_part(part) for part in each.split(".")) for each in columns)
