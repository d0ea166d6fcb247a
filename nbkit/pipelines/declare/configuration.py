"""A pipeline's configuration as its code sees it: `spark.conf.get("name")`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql import SparkSession


@contextmanager
def configured(spark: SparkSession, configuration: Mapping[str, str]) -> Iterator[None]:
    """Set a pipeline's configuration in a session, for as long as its code runs."""
    before: dict[str, str | None] = {}
    try:
        for name, value in configuration.items():
            before[name] = spark.conf.get(name, None)
            spark.conf.set(name, value)
        yield
    finally:
        for name, old in before.items():
            if old is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, old)
