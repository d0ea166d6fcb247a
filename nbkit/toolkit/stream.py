"""What a streaming DataFrame holds now: a stream has no end that a table could wait for."""

from __future__ import annotations

import typing
import uuid

if typing.TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

SECONDS = 60
"""Longest that showing a stream reads from it."""


def rows_so_far(frame: DataFrame, n: int) -> tuple[list[Row], str]:
    """Read what the sources of a stream hold now, and return up to n rows and a note on them.

    Databricks goes on to show what arrives; here a table in a notebook is one moment, and the
    query that read it is over. An aggregate that cannot be appended is read complete.
    """
    from pyspark.errors import AnalysisException

    try:
        return _read(frame.limit(n), n, "append")
    except AnalysisException:
        return _read(frame, n, "complete")


def _read(
    frame: DataFrame, n: int, mode: typing.Literal["append", "complete"]
) -> tuple[list[Row], str]:
    name = f"nbkit_display_{uuid.uuid4().hex}"
    writer = frame.writeStream.format("memory").queryName(name).outputMode(mode)
    query = writer.trigger(availableNow=True).start()
    spark = frame.sparkSession
    try:
        over = query.awaitTermination(SECONDS)
        rows = spark.table(name).limit(n).collect()
    finally:
        query.stop()
        spark.catalog.dropTempView(name)
    until = "when it was displayed" if over else f"within {SECONDS} seconds of reading it"
    return rows, f"a stream, as far as it had come {until}"
