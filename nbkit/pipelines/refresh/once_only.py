"""Commits that Delta makes once: the number that a table has noted is not committed again."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

_ID = "spark.databricks.delta.write.txnAppId"
_NUMBER = "spark.databricks.delta.write.txnVersion"


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
