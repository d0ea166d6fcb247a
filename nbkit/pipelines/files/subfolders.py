"""Files in folders of a folder: Auto Loader and `read_files` read them, Spark leaves them out.

Source of the rule: Databricks' page on `read_files` ("discovers all files under the provided
directory recursively unless a glob is provided").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from nbkit.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import SparkSession

_PATTERN = re.compile(r"[*?\[{]")
_CHOOSING = {"pathglobfilter", "modifiedafter", "modifiedbefore"}


def to_read(spark: SparkSession, path: str, options: Mapping[str, str]) -> dict[str, str]:
    """Return the option that Spark needs for the files in folders of a folder; none if it has them.

    Folders such as `date=2024-01-01` give columns, and Spark finds what is in them by itself.

    Args:
        spark: lists the files.
        path: the folder; a pattern says itself which folders are meant.
        options: of the reader; those that choose files count.

    Raises:
        UsageError: some folders give columns, and files lie in others.
    """
    if _PATTERN.search(path) or not hasattr(spark, "_jsparkSession"):  # Connect cannot be asked
        return {}
    chosen = {name: value for name, value in options.items() if name.lower() in _CHOOSING}
    every = _files(spark, path, {**chosen, "recursiveFileLookup": "true"})
    root = _plain(_qualified(spark, path)).rstrip("/")
    folders = {each.rpartition("/")[0] for each in every}
    inner = [each[len(root) + 1 :] for each in folders if each.startswith(f"{root}/")]
    parts = [folder.split("/") for folder in inner]
    if all("=" in part for each in parts for part in each):
        return {}
    if any("=" in part for each in parts for part in each):
        raise UsageError(
            f"{path} has folders such as date=2024-01-01, which give columns, and files in others: "
            "give recursiveFileLookup (true: all files, without such columns; false: without the "
            "others)"
        )
    return {"recursiveFileLookup": "true"}


def _files(spark: SparkSession, path: str, options: Mapping[str, str]) -> list[str]:
    from pyspark.errors import AnalysisException

    try:
        found = spark.read.format("binaryFile").options(**options).load(path).inputFiles()
    except AnalysisException:  # no such place, which matters to who reads from it
        return []
    return [_plain(unquote(each)) for each in found]


def _qualified(spark: SparkSession, path: str) -> str:
    jvm: Any = spark._jvm  # noqa: SLF001 - PySpark has no other way to Hadoop
    place = jvm.org.apache.hadoop.fs.Path(path)
    conf = spark._jsparkSession.sessionState().newHadoopConf()  # noqa: SLF001
    return str(place.getFileSystem(conf).makeQualified(place).toString())


def _plain(address: str) -> str:
    """Return an address with one slash behind its scheme where it names no host."""
    return re.sub(r"^(\w+):///", r"\1:/", address)
