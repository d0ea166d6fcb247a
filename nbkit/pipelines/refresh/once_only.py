"""What is done once: commits that a table has noted, and flows that run once in its life."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from nbkit.pipelines.refresh.written import Written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyspark.sql import SparkSession

    from nbkit.pipelines.files.hadoop_folder import HadoopFolder

_ID = "spark.databricks.delta.write.txnAppId"
_NUMBER = "spark.databricks.delta.write.txnVersion"
_DONE = "done.json"


@contextmanager
def marked(spark: SparkSession, application: str, number: int) -> Iterator[None]:
    """Let what is committed here have a number, which no second commit of it has.

    Args:
        spark: a session that nobody else commits with meanwhile.
        application: what the numbers belong to.
        number: of this commit; greater than those before it.
    """
    spark.conf.set(_ID, application)
    spark.conf.set(_NUMBER, str(number))
    try:
        yield
    finally:
        spark.conf.unset(_ID)
        spark.conf.unset(_NUMBER)


def at_most_once(place: HadoopFolder, run: Callable[[], Written], *, once: bool) -> Written:
    """Run a flow, unless it runs once and has.

    Args:
        place: its folder of state in this life of the table.
        run: writes what is new; a second time it changes nothing.
        once: whether that is wanted.
    """
    done = place / _DONE
    if once and done.read() is not None:
        return Written()
    written = run()
    if once:
        done.write("{}")
    return written
