"""Write some rows of a view in one commit, which notes what it was made from.

A refresh has a number, the version that it makes. Delta commits a number once, so that of two such
refreshes at once one is not there. Who replaces all rows meanwhile notes no number: so it is looked
before and after that nobody came between, and whoever did not make that version begins again.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.dialect.sql_text import quoted_part
from nbkit.errors import NbkitError
from nbkit.pipelines.files.hadoop_folder import HadoopFolder
from nbkit.pipelines.refresh.once_only import marked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

REFRESH = "nbkit.refresh"
"""What a commit's own notes call the record of a refresh; tables call it so, too."""

APPLICATION = "nbkit.refresh"
_NOTES = "spark.databricks.delta.commitInfo.userMetadata"
_GONE = "nbkit gone"
"""Column of a merge: whether a row stands for a key whose rows go."""

_WHOLE = {"partitionOverwriteMode": "static"}
"""A session may say that partitions stay that get no rows: theirs are gone."""


class OvertakenError(NbkitError):
    """Somebody else has changed a view's table while it was refreshed."""

    def __init__(self) -> None:
        super().__init__("somebody else has changed its table meanwhile")


def noted_in(commit: str) -> dict[str, Any] | None:
    """Return the record of a refresh in a commit of Delta's log; None for another commit."""
    for line in filter(str.strip, commit.splitlines()):
        text = json.loads(line).get("commitInfo", {}).get("userMetadata")
        try:
            found = json.loads(text or "null")
        except ValueError:  # somebody's own notes
            return None
        if isinstance(found, dict) and isinstance(found.get(REFRESH), dict):
            return dict(found[REFRESH])
    return None


@contextmanager
def noted(spark: SparkSession, record: Mapping[str, Any], number: int) -> Iterator[None]:
    """Let what is committed here be one refresh: with its record, and once.

    Args:
        spark: a session that nobody else commits with meanwhile.
        record: of the refresh.
        number: of the refresh.
    """
    spark.conf.set(_NOTES, json.dumps({REFRESH: record}, sort_keys=True))
    try:
        with marked(spark, APPLICATION, number):
            yield
    finally:
        spark.conf.unset(_NOTES)


@dataclass(frozen=True, slots=True)
class Target:
    """A view's table, and the refresh that writes to it.

    Attributes:
        path: its folder.
        record: what the refresh notes.
        number: of the refresh.
    """

    path: str
    record: Mapping[str, Any]
    number: int

    def append(self, rows: DataFrame) -> None:
        """Add rows."""
        self._write(rows, "append", {})

    def overwrite(self, rows: DataFrame) -> None:
        """Have these rows and no others."""
        self._write(rows, "overwrite", _WHOLE)

    def replace_where(self, rows: DataFrame, condition: str) -> None:
        """Have these rows instead of those of a condition, which all of them fulfil."""
        self._write(rows, "overwrite", {**_WHOLE, "replaceWhere": condition})

    def _write(self, rows: DataFrame, mode: str, options: Mapping[str, str]) -> None:
        writer = rows.write.format("delta").mode(mode).options(**options)
        with self._noted(rows.sparkSession):
            writer.save(self.path)

    @contextmanager
    def _noted(self, spark: SparkSession) -> Iterator[None]:
        """Let what is committed here be this refresh.

        Raises:
            OvertakenError: it is not, since somebody else has changed the table.
        """
        log = HadoopFolder(spark, f"{self.path}/_delta_log")
        if (log / f"{self.number:020}.json").read() is not None:
            raise OvertakenError
        with noted(spark, self.record, self.number):
            yield
        made = noted_in((log / f"{self.number:020}.json").read() or "")
        if made is None or made.get("refresh") != self.record["refresh"]:
            raise OvertakenError

    def merge(self, rows: DataFrame, keys: DataFrame) -> None:
        """Have these rows instead of all those with some keys.

        Args:
            rows: read twice, so that they have to be the same both times.
            keys: columns of the table, each key once.
        """
        from delta.tables import DeltaTable
        from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

        spark = rows.sparkSession
        gone = keys.withColumn(_GONE, F.lit(True))
        both = rows.withColumn(_GONE, F.lit(False)).unionByName(gone, allowMissingColumns=True)
        same = " AND ".join(f"t.{each} <=> s.{each}" for each in _quoted(keys.columns))
        table = DeltaTable.forPath(spark, self.path).alias("t")
        marker = f"s.{quoted_part(_GONE)}"
        values = {each: F.col(f"s.{each}") for each in _quoted(rows.columns)}
        merge = table.merge(both.alias("s"), f"{marker} AND {same}").whenMatchedDelete()
        with self._noted(spark):
            merge.whenNotMatchedInsert(condition=f"NOT {marker}", values=values).execute()


def _quoted(names: Sequence[str]) -> list[str]:
    return [quoted_part(each) for each in names]
