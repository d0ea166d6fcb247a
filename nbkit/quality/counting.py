"""Columns that count rows, and what they fail, while the rows flow by.

Spark pays for each counter of an observation with each row. Where the JVM that runs the rows has
nbkit's own aggregate, one counter is enough for all the bits of a word; elsewhere (Spark Connect, a
cluster, Databricks) there is one per rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.quality.outcome import KEPT, QUARANTINED, ROWS, failed
from nbkit.quality.verdicts import BITS
from nbkit.toolkit.session import is_classic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import Column, DataFrame

    from nbkit.quality.verdicts import Verdicts

_WORD = "word_"


def counters(df: DataFrame, verdicts: Verdicts, kept: str) -> list[Column]:
    """Return the metrics to observe on judged rows; `by_name` reads them.

    Args:
        df: the rows.
        verdicts: what each row fails.
        kept: the condition of rows that are good.
    """
    from pyspark.sql import Column
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    quarantined = verdicts.fails(verdicts.places("quarantine"))
    places = range(len(verdicts.expectations))
    found = {ROWS: "count(1)", KEPT: _count(kept), QUARANTINED: _count(quarantined)}
    aggregate = _own_aggregate(df)
    if aggregate is None:
        found |= {failed(place): _count(verdicts.fails([place])) for place in places}
    made = [F.expr(text).alias(name) for name, text in found.items()]
    if aggregate is not None:
        words = enumerate(F.col(column) for column in verdicts.columns)
        made += [Column(aggregate.of(word._jc)).alias(f"{_WORD}{at}") for at, word in words]  # noqa: SLF001
    return made


def by_name(observed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was observed with a count of its own for each rule."""
    found = {name: value for name, value in observed.items() if not name.startswith(_WORD)}
    for name in observed.keys() - found.keys():
        first = int(name.removeprefix(_WORD)) * BITS
        counts = observed[name][:BITS]
        found |= {failed(first + bit): count for bit, count in enumerate(counts)}
    return found


def _count(condition: str) -> str:
    """Return the number of rows that meet a condition.

    Not `count_if`, for which Spark 4.2 adds a column to every row beforehand.
    """
    return f"count(case when {condition} then 1 end)"


def _own_aggregate(df: DataFrame) -> Any | None:
    """Return nbkit's Java class where all rows are counted in this JVM, which has it."""
    from py4j.java_gateway import JavaClass

    spark = df.sparkSession
    if not is_classic(spark) or not spark.sparkContext._jsc.isLocal():  # noqa: SLF001
        return None
    found = spark._jvm.nbkit.BitCounts  # noqa: SLF001 - PySpark has no other way
    return found if isinstance(found, JavaClass) else None
