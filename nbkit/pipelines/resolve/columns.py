"""Whether a dataset's columns, its queries and what is said about it fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.near import hint
from nbkit.pipelines.resolve import exact_types
from nbkit.pipelines.resolve.cdc_columns import check_together
from nbkit.pipelines.resolve.replacing_flows import check_replacing
from nbkit.quality.splitting import FAILED_EXPECTATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from nbkit.pipelines.declare.declarations import Dataset, Kind
    from nbkit.pipelines.resolve.graph import AnalysedFlow

_FOR_TABLES = ("path", "tableName")


def united(schemas: Sequence[StructType]) -> StructType:
    """Return the columns that several queries have together.

    Raises:
        UsageError: they disagree about the type of a column.
    """
    from pyspark.sql.types import StructField, StructType

    found: dict[str, Any] = {}
    for schema in schemas:
        for field in schema:
            known = found.setdefault(field.name.lower(), field)
            if known.dataType != field.dataType:
                types = f"{known.dataType.simpleString()} and {field.dataType.simpleString()}"
                raise UsageError(f"its flows disagree about column {field.name}: {types}")
    fields = [
        StructField(field.name, field.dataType, metadata=field.metadata)  # tables take nulls
        for field in found.values()
    ]
    return StructType(fields)


def declared(spark: SparkSession, dataset: Dataset) -> Any:
    """Return a dataset's declared columns; None if it has none.

    Raises:
        UsageError: the text is no list of columns.
    """
    from pyspark.errors import ParseException
    from pyspark.sql.types import StructType

    if dataset.schema is None or isinstance(dataset.schema, StructType):
        return dataset.schema
    del spark
    try:
        return StructType.fromDDL(str(dataset.schema))
    except ParseException as error:
        said = str(error).strip().splitlines()[0]
        raise UsageError(f"the schema of {dataset.name} cannot be read: {said}") from None


def check_declared(wanted: StructType, found: StructType) -> None:
    """Check a query's columns against the declared ones.

    Raises:
        UsageError: one is missing or too many, or its values would be changed.
    """
    want = {name.lower() for name in wanted.names}
    have = {name.lower() for name in found.names}
    for name in wanted.names:
        if name.lower() not in have:
            message = f"its schema has column {name}, its query has not"
            raise UsageError(f"{message}{hint(name, found.names)}")
    for name in found.names:
        if name.lower() not in want:
            message = f"its query has column {name}, its schema has not"
            raise UsageError(f"{message}{hint(name, wanted.names)}")
    exact_types.check(found, wanted, "its schema", "or declare it as it is")


def check_names(dataset: Dataset, shape: StructType) -> None:
    """Check that a table can be laid out by the columns it names.

    Raises:
        UsageError: there is no such column, or two of one name.
    """
    names = [name.lower() for name in shape.names]
    for name in {name for name in names if names.count(name) > 1}:
        raise UsageError(f"it has several columns called {name}")
    for column in (*dataset.partition_by, *dataset.cluster_by):
        if column.partition(".")[0].lower() not in names:
            raise UsageError(f"there is no column {column} to lay it out by{hint(column, names)}")


def check_quarantine(dataset: Dataset, shape: StructType, taken: bool) -> None:
    """Check that the table beside a dataset, for rows that do not belong in it, can be made.

    Args:
        dataset: it, with its expectations.
        shape: its columns.
        taken: whether another dataset of the pipeline has that table's name.

    Raises:
        UsageError: its name, or the column that says what a row fails, is taken.
    """
    if all(rule.action != "quarantine" for rule in dataset.rules):
        return
    if taken:
        said = f"{dataset.name}_quarantine, where it puts rows that fail, is a dataset too"
        raise UsageError(f"{said}: give that another name")
    if FAILED_EXPECTATIONS in {name.lower() for name in shape.names}:
        raise UsageError(f"its column {FAILED_EXPECTATIONS} is what a quarantine adds: rename it")


def check_rules(dataset: Dataset, frame: DataFrame) -> None:
    """Check the expectations against the columns.

    Raises:
        UsageError: a condition cannot be resolved, or is none; or two have one name.
    """
    from pyspark.errors import PySparkException
    from pyspark.sql.types import BooleanType

    names: set[str] = set()
    for rule in dataset.rules:
        if rule.name.lower() in names:
            raise UsageError(f"it has several expectations called {rule.name!r}")
        names.add(rule.name.lower())
        try:
            kind = frame.selectExpr(rule.condition).schema[0].dataType
        except PySparkException as error:
            said = str(error).strip().splitlines()[0]
            raise UsageError(f"expectation {rule.name!r}: {said}") from None
        if not isinstance(kind, BooleanType):
            raise UsageError(f"expectation {rule.name!r} is no condition: {rule.condition}")


def check_flows(dataset: Dataset, kind: Kind, flows: Sequence[AnalysedFlow]) -> None:
    """Check that a dataset can be fed as it is.

    Raises:
        UsageError: a stream where none can be, or none where one has to be.
    """
    name = dataset.name
    if kind == "materialized_view" and any(flow.streaming for flow in flows):
        raise UsageError(f"{name} is a materialized view, and its query a stream; use @dp.table")
    if kind in {"materialized_view", "temporary_view"} and len(flows) != 1:
        raise UsageError(f"{name} needs exactly one query; it has {len(flows)}")
    for each in flows:
        if kind == "sink" and not each.streaming:
            raise UsageError(f"flow {each.flow.name} is not a stream: a sink takes nothing else")
        other = each.flow.changes or each.flow.once or each.flow.replaces
        batch = not each.streaming and not other
        if kind == "streaming_table" and batch:
            raise UsageError(
                f"flow {each.flow.name} is not a stream: read with readStream, or say once=True"
            )
        if kind == "sink" and dataset.rules:
            raise UsageError(f"{name} is a sink; expectations are for tables and views")
    check_together(name, [each.flow for each in flows])
    check_replacing(dataset, kind, flows)
    kinds = {each.flow.changes is not None for each in flows}
    if len(kinds) > 1:
        raise UsageError(f"{name} takes either changes or rows to append, not both")
    if True in kinds and dataset.rules:
        raise UsageError(f"{name} takes changes: put its expectations on the view that it follows")


def check_sink(spark: SparkSession, sink: Dataset) -> None:
    """Check that there is something to write to a sink with.

    Raises:
        UsageError: its format does not exist here, or says not where to write.
    """
    from pyspark.errors import AnalysisException

    name = sink.source_format
    if sink.handler is not None:
        return
    if name.lower() == "delta":
        if sum(option in sink.options for option in _FOR_TABLES) != 1:
            near = [hint(option, _FOR_TABLES) for option in sink.options]
            said = next((each for each in near if each), "")
            raise UsageError(f"sink {sink.name} needs either path or tableName in options{said}")
        return
    state = spark._jsparkSession.sessionState()  # noqa: SLF001 - PySpark has no other way
    sources = spark._jvm.org.apache.spark.sql.execution.datasources.DataSource  # noqa: SLF001
    if state.dataSourceManager().dataSourceExists(name):
        return  # written in Python, and registered
    try:
        sources.lookupDataSource(name, state.conf())
    except AnalysisException:
        said = f"Spark has no format {name} here: its jar is not on the driver's class path"
        raise UsageError(f"sink {sink.name}: {said}") from None
