"""Auto Loader outside of pipelines: `cloudFiles` and `read_files` in any notebook.

A notebook's tables are Spark's own business; only files are answered here.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.dialect import sql_call
from nbkit.dialect.grammar import matched
from nbkit.dialect.tokens import tokens
from nbkit.pipelines.files import auto_loader
from nbkit.pipelines.files.loader_options import FORMATS
from nbkit.pipelines.files.reading import answered, answering, prepare
from nbkit.replaced import Replacement, put

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from nbkit.dialect.sql_call import GoOn, SqlCall

_FORMAT = "cloudfiles.format"
_SUFFIXES = {"txt": "text"} | {each.lower(): each for each in FORMATS}


@dataclass(frozen=True, slots=True)
class FilesOnly:
    """Answers what reads files as Auto Loader does, and nothing else."""

    spark: SparkSession

    def table(self, name: str, *, stream: bool, feed: bool = False) -> None:
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


def understand_in_pyspark() -> None:
    """Let PySpark of this process read such files; queries of pipelines have their own way."""
    prepare()
    sql_call.fill("files", _reading_files)
    put(REPLACED)


def _reading_files(call: SqlCall, go_on: GoOn) -> DataFrame:
    if answered() or not _reads_files(call.text):
        return go_on(call)
    with answering(FilesOnly(call.spark)):
        return go_on(call)


def _reads_files(text: str) -> bool:
    found = tokens(text)
    return any(matched("(READ_FILES|CLOUD_FILES) '('", found, at) for at in range(len(found)))


def _loading_files(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def load(self: Any, *args: Any, **named: Any) -> Any:
        if answered():
            return call(self, *args, **named)
        with answering(FilesOnly(self._spark)):
            return call(self, *args, **named)

    return load


REPLACED = (
    Replacement(
        "pyspark.sql.streaming.readwriter:DataStreamReader",
        {"load": "self, path, format, schema, **options"},
        "a stream of cloudFiles is read as Auto Loader does in any notebook, not in pipelines only",
        "pyspark 4.2",
        _loading_files,
    ),
)
"""What is replaced for files outside of pipelines; see `nbkit.replaced`."""


def _format_of(path: str, spark: SparkSession) -> str:
    """Return what the names of files say of their format, as `read_files` asks them."""
    files = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(path)
    suffixes = (file.lower().removesuffix(".gz").rpartition(".")[2] for file in files.inputFiles())
    return next((_SUFFIXES[suffix] for suffix in suffixes if suffix in _SUFFIXES), "json")
