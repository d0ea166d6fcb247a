"""Sinks: places outside of a pipeline that streams write to, and what is known about them."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.graph.near import hint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.pipelines.declarations import Dataset
    from nbkit.pipelines.hadoop_folder import HadoopFolder

_LIFE = "life.json"
_FOR_TABLES = ("path", "tableName")


@dataclass(frozen=True, slots=True)
class SinkState:
    """What was noted about a sink.

    Attributes:
        generation: which of its lives this is: each reads its sources from their beginning.
        record: what was noted when it began.
    """

    generation: str
    record: Mapping[str, Any] = field(default_factory=dict)


def state_of(folder: HadoopFolder) -> SinkState | None:
    """Return what was noted in a sink's folder; None before the first update."""
    text = (folder / _LIFE).read()
    return None if text is None else SinkState(**json.loads(text))


def begin(folder: HadoopFolder, record: Mapping[str, Any]) -> str:
    """Note that a sink begins anew; returns which life of it this is."""
    generation = uuid.uuid4().hex
    (folder / _LIFE).write(json.dumps({"generation": generation, "record": dict(record)}))
    return generation


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


def start(rows: DataFrame, sink: Dataset, place: HadoopFolder) -> Any:
    """Start writing a stream to a sink; returns the query.

    Args:
        rows: the stream.
        sink: where to.
        place: its checkpoint.
    """
    writer = rows.writeStream.option("checkpointLocation", str(place)).trigger(availableNow=True)
    if sink.handler is not None:
        return writer.foreachBatch(sink.handler).start()
    options = dict(sink.options)
    table = options.pop("tableName", "")
    writer = writer.format(sink.source_format).options(**options).outputMode("append")
    return writer.toTable(table) if table else writer.start()
