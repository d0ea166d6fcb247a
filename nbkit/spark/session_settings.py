"""All settings of a session at once: PySpark asks the JVM for each name and value by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_BETWEEN = "\0"
_MEANS = " -> "
"""What Scala writes between a key of a map and its value; no setting has it in its name."""


def settings_of(spark: SparkSession) -> dict[str, str]:
    """Return every setting of a classic session, with what it inherits, by name."""
    conf: Any = spark.conf
    text = str(conf._jconf.getAll().mkString(_BETWEEN))  # noqa: SLF001 - PySpark asks 120 times
    pairs = (each.partition(_MEANS) for each in text.split(_BETWEEN) if each)
    return {name: value for name, _, value in pairs}
