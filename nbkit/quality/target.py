"""Where good and quarantined rows go: two tables, and one write that a retry does not double.

Quarantined rows are written first, each with the name of the write; the commit of the good rows
decides. Whatever comes in between (an error, a kill): a retry of the same name puts its own
quarantined rows in the place of those that are there, and then the good ones. An error on the way
takes the quarantined rows back at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from nbkit.dialect.sql_text import literal
from nbkit.errors import DefinitionError, Problem
from nbkit.quality.table_log import emptied, noted
from nbkit.quality.unchanged import unchanged
from nbkit.toolkit.session import is_classic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.quality.once import Writing

Mode = Literal["append", "overwrite"]
QUARANTINED_AT = "_quarantined_at"
WRITTEN_BY = "_written_by"
"""Columns of quarantined rows: when they were put there, and by which write."""
_DYNAMIC = "spark.sql.sources.partitionOverwriteMode"


@dataclass(frozen=True, slots=True)
class Target:
    """Where good and quarantined rows go, and how.

    Attributes:
        table, quarantine: names of tables.
        mode: of both.
        partition_by: columns of the table.
        options: of Delta's writer, for both.
    """

    table: str
    quarantine: str
    mode: Mode
    partition_by: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)

    def tells_counts(self, spark: SparkSession) -> bool:
        """Whether writing good rows hands their counts back.

        Not over Spark Connect (4.2, Delta 4.4) where a table is created or replaced: that is a
        query within a query, and the counts are of the outer one.
        """
        if is_classic(spark):
            return True
        return self.mode == "append" and spark.catalog.tableExists(self.table)

    def require(self, spark: SparkSession) -> None:
        """See to it that both tables can be overwritten in the same way.

        Raises:
            DefinitionError: partitions of the table would be replaced, and all of the quarantine.
        """
        said = {name.lower(): value for name, value in self._how.items()}
        conf = spark.conf.get(_DYNAMIC, "static")
        how = said.get("partitionoverwritemode", conf)
        some = self.mode == "overwrite" and str(how).lower() == "dynamic"
        if not (some and self.quarantine) or "replacewhere" in said:
            return
        if self.partition_by or _is_partitioned(spark, self.table):
            why = (
                "dynamic would replace some partitions of the table, and all of the quarantine: "
                "the option replaceWhere says which rows of both"
            )
            raise DefinitionError((Problem("partitionOverwriteMode", why),), "write")

    def has(self, spark: SparkSession, by: Writing) -> bool:
        """Whether the good rows of a write are there already.

        Where they were, and somebody has emptied the table since, the write gets another name.
        """
        if self.mode != "append" or not by.retried:
            return False
        while (since := noted(spark, self.table, by)) is not None:
            version = emptied(spark, self.table, since, by.gone_after)
            if version is None:
                return True
            by.former.append(by.key)
            by.application += f"-after-{version}"
        return False

    def put(self, good: DataFrame, aside: DataFrame | None, by: Writing) -> None:
        """Write good and quarantined rows.

        Raises:
            DefinitionError: values would be changed; nothing was written.
            Exception: whatever Spark raises; then both tables are as they were.
        """
        spark = good.sparkSession
        before = None
        good = unchanged(good, self.table, self._how)
        if aside is not None:
            aside = unchanged(aside, self.quarantine, self._how | self._evolving)
        by.untouched = False
        if aside is not None:
            before = _State.of(spark, self.quarantine)
            self._aside(aside, by)
        try:
            self._save(good, by)
        except Exception:
            if aside is not None:
                self._take_back(spark, before, by)
            by.untouched = True
            raise

    @property
    def _how(self) -> dict[str, str]:
        return {str(name): str(value) for name, value in self.options.items()}

    @property
    def _evolving(self) -> dict[str, str]:
        """What lets the quarantine have whatever columns rows have."""
        return {"overwriteSchema" if self.mode == "overwrite" else "mergeSchema": "true"}

    def _save(self, df: DataFrame, by: Writing) -> None:
        once = by.options if self.mode == "append" else {}
        writer = df.write.mode(self.mode).options(**{**once, **self.options})
        if self.partition_by:
            writer = writer.partitionBy(*self.partition_by)
        writer.saveAsTable(self.table)

    def _aside(self, df: DataFrame, by: Writing) -> None:
        """Write quarantined rows, whatever columns the table had before."""
        from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

        rows = df.withColumns({QUARANTINED_AT: F.current_timestamp(), WRITTEN_BY: F.lit(by.key)})
        mode, how = self.mode, by.options if self.mode == "append" else {}
        if mode == "append" and (keys := self._earlier(df.sparkSession, by)):
            listed = ", ".join(map(literal, keys))
            mode, how = "overwrite", {"replaceWhere": f"{WRITTEN_BY} in ({listed})"}
        writer = rows.write.mode(mode).options(**{**how, **self.options, **self._evolving})
        writer.saveAsTable(self.quarantine)

    def _earlier(self, spark: SparkSession, by: Writing) -> list[str]:
        """Return the names of earlier tries, if rows of any are in the quarantine."""
        keys = [by.key, *by.former]
        if not by.retried or not spark.catalog.tableExists(self.quarantine):
            return []
        found = spark.table(self.quarantine)
        if WRITTEN_BY not in found.columns:
            return []
        if is_classic(spark):
            there = bool(by.former) or noted(spark, self.quarantine, by) is not None
        else:
            there = found.where(f"{WRITTEN_BY} = {literal(by.key)}").limit(1).count() > 0
        return keys if there else []

    def _take_back(self, spark: SparkSession, before: _State | None, by: Writing) -> None:
        """Let the quarantine be as it was."""
        if before is None:
            spark.sql(f"DROP TABLE IF EXISTS {self.quarantine}")
        elif self.mode == "append":
            where = f"{WRITTEN_BY} = {literal(by.key)}"
            spark.sql(f"DELETE FROM {self.quarantine} WHERE {where}")  # noqa: S608 - the author's own table
        else:
            spark.sql(f"RESTORE TABLE {self.quarantine} TO VERSION AS OF {before.version}")


def _is_partitioned(spark: SparkSession, table: str) -> bool:
    if not spark.catalog.tableExists(table):
        return False
    [detail] = spark.sql(f"DESCRIBE DETAIL {table}").collect()
    return bool(detail["partitionColumns"])


@dataclass(frozen=True, slots=True)
class _State:
    version: int

    @classmethod
    def of(cls, spark: SparkSession, table: str) -> _State | None:
        """Return the state of a Delta table; None if there is none of that name.

        Raises:
            DefinitionError: there is something of that name that is no Delta table.
        """
        from pyspark.errors import AnalysisException

        if not spark.catalog.tableExists(table):
            return None
        try:
            [row] = spark.sql(f"DESCRIBE HISTORY {table} LIMIT 1").collect()
        except AnalysisException:
            why = f"{table} is there, and is no Delta table"
            raise DefinitionError((Problem("quarantine", why),), "write") from None
        return cls(int(row["version"]))
