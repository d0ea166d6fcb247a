"""Whether a stream has read all there is, as its checkpoint tells: nothing is started for that.

Spark notes in a checkpoint which batch was begun and which one finished, and up to where it read
each source, in the order in which the query has them. Where anything about this is not as it was
expected, the answer is no: then the stream is started, and Spark itself sees what is new.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from nbkit.pipelines.files.file_columns import Files, digest
from nbkit.pipelines.refresh import snapshots
from nbkit.pipelines.resolve.query_plan import plan_text
from nbkit.pipelines.resolve.stand_ins import DATASET
from nbkit.pipelines.scala import java_class, scala_map, sequence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.pipelines.files.hadoop_folder import HadoopFolder

_FORMAT = "v1"
_COMPACT = ".compact"
_TIMERS = re.compile(r"\b\w+WithState\w*")
"""Operators that may have something to say when no row has come, just because time went by."""


def is_drained(frame: DataFrame, checkpoint: HadoopFolder, versions: Mapping[str, str]) -> bool:
    """Say whether a streaming query has nothing new to read.

    Args:
        frame: the query, over stand-ins.
        checkpoint: where it left off.
        versions: of the tables that stand-ins stand for, by key: identity and version.
    """
    offsets = _offsets(checkpoint)
    plan = frame._jdf.queryExecution().analyzed()  # noqa: SLF001 - PySpark has no other way
    leaves = [leaf for leaf in sequence(plan.collectLeaves()) if leaf.isStreaming()]
    if not offsets or len(offsets) != len(leaves) or _TIMERS.search(plan_text(frame)):
        return False
    spark = frame.sparkSession
    return all(
        _read_up(spark, leaf, offset, checkpoint / "sources" / str(place), versions)
        for place, (leaf, offset) in enumerate(zip(leaves, offsets, strict=True))
    )


def _offsets(checkpoint: HadoopFolder) -> list[dict[str, Any]]:
    """Return up to where each source was read by the last batch, if that was finished."""
    begun, finished = (_last(checkpoint / name) for name in ("offsets", "commits"))
    if begun is None or begun != finished:
        return []
    form, *lines = ((checkpoint / "offsets" / begun).read() or "\n").splitlines()
    offsets = lines[1:]  # the first one is about the batch
    if form != _FORMAT or not all(offset.startswith("{") for offset in offsets):
        return []
    return [json.loads(offset) for offset in offsets]


def _last(folder: HadoopFolder) -> str | None:
    """Return the name of the last batch in a folder of a checkpoint."""
    return max((name for name in folder.names() if name.isdigit()), key=int, default=None)


def _read_up(
    spark: SparkSession,
    leaf: Any,
    offset: Mapping[str, Any],
    seen: HadoopFolder,
    versions: Mapping[str, str],
) -> bool:
    kind = java_class(leaf)
    if kind == "StreamingRelationV2":
        return _delta_read_up(versions.get(leaf.extraOptions().get(DATASET) or ""), offset)
    options = scala_map(leaf.dataSource().options()) if kind == "StreamingRelation" else {}
    path = next((value for name, value in options.items() if name.lower() == "path"), "")
    if path and leaf.sourceName().startswith("FileSource["):
        return _files_read_up(Files(spark, path, "binaryFile", options), seen, offset)
    if path and leaf.dataSource().className().lower() == "delta":
        return _delta_read_up(snapshots.version_at(spark, path), offset)
    return False


def _files_read_up(files: Files, seen: HadoopFolder, offset: Mapping[str, Any]) -> bool:
    """Say whether a source has read all files that are there, and has none to clean up after."""
    cleaning = any(name.lower() == "cleansource" for name in files.options)
    return not cleaning and files.there.keys() <= _files_read(seen, offset)


def _delta_read_up(version: str | None, offset: Mapping[str, Any]) -> bool:
    """Say whether a stream stands at the version after the one that a table has."""
    if version is None or offset.get("isStartingVersion") is not False:
        return False
    table, _, number = version.rpartition(":")
    expected = {"reservoirId": table, "reservoirVersion": int(number) + 1, "index": -1}
    return expected.items() <= offset.items()


def _files_read(seen: HadoopFolder, offset: Mapping[str, Any]) -> frozenset[str]:
    """Return the digests of the files that a source has read; nothing if that is not known.

    Spark notes the new files of each batch, and now and then all of them in one.
    """
    names = {int(name.removesuffix(_COMPACT)): name for name in seen.names() if _is_batch(name)}
    if not names or max(names) != offset.get("logOffset"):
        return frozenset()
    whole = max((number for number, name in names.items() if name.endswith(_COMPACT)), default=0)
    found: set[str] = set()
    for number in range(whole, max(names) + 1):
        if number not in names:
            return frozenset()
        form, *files = ((seen / names[number]).read() or "\n").splitlines()
        if form != _FORMAT:
            return frozenset()
        found.update(digest(json.loads(file)["path"]) for file in files)
    return frozenset(found)


def _is_batch(name: str) -> bool:
    return name.removesuffix(_COMPACT).isdigit()
