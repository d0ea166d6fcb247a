"""Streams that a function of nbkit's writes, batch by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import DataFrame

    from nbkit.pipelines.files.hadoop_folder import HadoopFolder


def each_batch(
    rows: DataFrame,
    write: Callable[[DataFrame, int], None],
    place: HadoopFolder,
    finished: Callable[[Any], None],
) -> None:
    """Hand over all batches that there are now, each with its number.

    Args:
        rows: a stream.
        write: writes a batch.
        place: of the checkpoint.
        finished: waits for the end of a stream.

    Raises:
        UsageError: `write` refused a batch, in its own words: Spark hands on only what it says, in
            a stream's own error.
    """
    refused: list[UsageError] = []

    def caught(batch: DataFrame, number: int) -> None:
        try:
            write(batch, number)
        except UsageError as error:
            refused.append(error)
            raise

    writer = rows.writeStream.foreachBatch(caught).option("checkpointLocation", str(place))
    try:
        finished(writer.trigger(availableNow=True).start())
    except Exception:
        if refused:
            raise refused[-1] from None
        raise
