"""Auto Loader outside of pipelines: `cloudFiles` and `read_files` in any notebook.

A notebook's tables are Spark's own business; only files are answered here.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.pipelines.files import auto_loader
from nbkit.pipelines.files.reading import answered, answering, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

_FORMAT = "cloudfiles.format"
_SUFFIXES = {"txt": "text"} | {each.lower(): each for each in auto_loader.FORMATS}
_IN_SQL = re.compile(r"\b(?:read_files|cloud_files)\s*\(", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FilesOnly:
    """Answers what reads files as Auto Loader does, and nothing else."""

    spark: SparkSession

    def table(self, name: str, *, stream: bool) -> None:
        """Leave tables to Spark."""

    def files(
        self,
        path: str,
        options: Mapping[str, str],
        schema: StructType | str | None,
        *,
        stream: bool,
    ) -> DataFrame:
        """Return files as Auto Loader reads them; only a stream's columns are kept."""
        if not any(name.lower() == _FORMAT for name in options):
            options = {**options, _FORMAT: _format_of(path, self.spark)}
        return auto_loader.resolved(self.spark, path, options, schema, stream=stream, keep=stream)


@functools.cache
def understand_in_pyspark() -> None:
    """Let PySpark of this process read such files; queries of pipelines have their own way."""
    from pyspark.sql.session import SparkSession
    from pyspark.sql.streaming.readwriter import DataStreamReader

    prepare()
    DataStreamReader.load = _answering_files(DataStreamReader.load, _of_reader)
    SparkSession.sql = _answering_files(SparkSession.sql, _if_files_are_read)


def _answering_files(
    call: Callable[..., Any], session_of: Callable[..., SparkSession | None]
) -> Callable[..., Any]:
    @functools.wraps(call)
    def read(self: Any, *args: Any, **named: Any) -> Any:
        spark = None if answered() else session_of(self, *args[:1])
        if spark is None:
            return call(self, *args, **named)
        with answering(FilesOnly(spark)):
            return call(self, *args, **named)

    return read


def _format_of(path: str, spark: SparkSession) -> str:
    """Return what the names of files say of their format, as `read_files` asks them."""
    files = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(path)
    suffixes = (file.lower().removesuffix(".gz").rpartition(".")[2] for file in files.inputFiles())
    return next((_SUFFIXES[suffix] for suffix in suffixes if suffix in _SUFFIXES), "json")


def _of_reader(reader: Any, *_: Any) -> SparkSession:
    return reader._spark  # noqa: SLF001 - PySpark has no other way


def _if_files_are_read(spark: SparkSession, query: Any = None) -> SparkSession | None:
    return spark if isinstance(query, str) and _IN_SQL.search(query) else None
