"""Whether the rows of a write are those that an earlier try has committed, by the rows themselves.

Where a plan does not tell what it would write (people's own code, JDBC, Spark Connect), only the
rows do: how many there are, and the sum of their hashes. It is asked after a try that may have
committed, and costs a look at the rows, and at those that the earlier commit has added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.dialect.sql_text import literal
from nbkit.quality.naming import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyspark.sql import DataFrame, SparkSession

_LOG = "txn struct<appId string>, add struct<path string>"
_AS_TEXT = ("map<", "array<", "struct<", "variant", "interval")
"""Types of which Spark's hash passes over NULLs inside, or has none."""
_EXACTLY = (
    "map('ignoreNullFields', 'false', 'timestampFormat', \"yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX\", "
    "'timestampNTZFormat', \"yyyy-MM-dd'T'HH:mm:ss.SSSSSS\")"
)


def committed(spark: SparkSession, table: str, applications: Sequence[str]) -> dict[str, list[str]]:
    """Return which writes of some names a Delta table has in its log, and the files they added."""
    if not applications or not spark.catalog.tableExists(table):
        return {}
    [detail] = spark.sql(f"DESCRIBE DETAIL {table}").collect()
    if detail["format"] != "delta":
        return {}
    log = spark.read.schema(_LOG).option("pathGlobFilter", "*.json")
    lines = log.json(f"{detail['location']}/_delta_log").selectExpr("*", "_metadata.file_name f")
    listed = ", ".join(map(literal, applications))
    own = lines.where(f"txn.appId in ({listed})").selectExpr("txn.appId as application", "f")
    added = lines.where("add is not null").selectExpr(
        "f", r"regexp_extract(add.path, '[^/]+$', 0) name"
    )
    found: dict[str, list[str]] = {}
    for application, name in own.join(added, "f", "left").select("application", "name").collect():
        found.setdefault(application, []).extend([name] if name else [])
    return found


def same(rows: DataFrame, table: str, files: Iterable[str]) -> bool:
    """Say whether some files of a table have just these rows, as the table has them."""
    kinds = {field.name.lower(): field for field in rows.sparkSession.table(table).schema}
    if any(name.lower() not in kinds for name in rows.columns):
        return False
    listed = ", ".join(map(literal, files)) or "''"
    there = rows.sparkSession.table(table).where(f"_metadata.file_name in ({listed})")
    wanted, found = [], []
    for at, field in enumerate(rows.schema):
        kind = kinds[field.name.lower()]
        column, word = quoted(field.name), kind.dataType.simpleString()
        if field.dataType.simpleString() != word:
            column = f"try_cast({column} as {word})"
        wanted.append(f"{column} as c{at}")
        found.append(f"{quoted(kind.name)} as c{at}")
    return summed_up(rows.selectExpr(*wanted)) == summed_up(there.selectExpr(*found))


def summed_up(rows: DataFrame) -> tuple[int, object]:
    """Return how many rows there are, and the sum of their hashes."""
    parts = []
    for field in rows.schema:
        column = quoted(field.name)
        if any(each in field.dataType.simpleString() for each in _AS_TEXT):
            parts.append(f"to_json(struct({column} as x), {_EXACTLY})")
        else:  # the hash of (NULL, 1) would be that of (1, NULL)
            parts += [f"{column} is null", column]
    hashed = f"sum(cast(xxhash64({', '.join(parts)}) as decimal(38, 0)))" if parts else "0"
    [[count, summed]] = rows.selectExpr("count(1)", hashed).collect()
    return count, summed
