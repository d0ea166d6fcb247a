"""Sinks: places outside of a pipeline that streams write to, and what is known about them."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from nbkit.pipelines.declare.declarations import Dataset
    from nbkit.pipelines.files.hadoop_folder import HadoopFolder

_LIFE = "life.json"


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


def columns_of(spark: SparkSession, sink: Dataset) -> StructType | None:
    """Return the columns of the Delta table that a sink adds to; None where there is none yet."""
    from pyspark.errors import AnalysisException

    if sink.handler is not None or sink.source_format.lower() != "delta":
        return None
    name, path = sink.options.get("tableName"), sink.options.get("path")
    try:
        there = spark.read.table(name) if name else spark.read.format("delta").load(path)
    except AnalysisException:
        return None  # it is made by the first batch, or writing says what is wrong
    return there.schema
