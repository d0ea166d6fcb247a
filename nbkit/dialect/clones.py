"""Shallow clones and `VACUUM`: the files that a clone reads stay, as in Unity Catalog.

The open Delta keeps no record of clones, and `VACUUM` of their source takes their rows away. So
each clone is written down in the source's log folder, and `VACUUM` gets an inventory without what
the clones, and theirs in turn, have in their logs.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import typing
import uuid

from nbkit.dialect.grammar import matched
from nbkit.dialect.splitter import inner_statements
from nbkit.dialect.sql_call import SqlCall
from nbkit.dialect.sql_text import quoted_part
from nbkit.dialect.tokens import starts, tokens

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.dialect.sql_call import GoOn

_CLONE = "CREATE [OR REPLACE] TABLE [IF NOT EXISTS] <clone:name> SHALLOW CLONE <source:name>"
_VACUUM = "VACUUM (<table:name>|<place:text>)"
_LOG = "_delta_log"
_RECORDS = f"{_LOG}/_nbkit_clones"
_SOURCES = f"{_LOG}/_nbkit_clone_of"
_PATHS = "add STRUCT<path: STRING>, remove STRUCT<path: STRING>"
_NAME = r"[^/]+$"
_INVENTORY = (  # that each may be NULL is asked for
    "nullif(path, '') AS path",
    "nullif(length, -1L) AS length",
    "nullif(false, true) AS isDir",
    "nullif(unix_millis(modificationTime), -1L) AS modificationTime",
)
"""What Delta asks to be told of each file, and in which types."""


def with_clones(call: SqlCall, go_on: GoOn) -> DataFrame:
    """Write down which clones are made, and let `VACUUM` keep what they read."""
    found = tokens(call.text)
    if matched(_VACUUM, found):
        return _cleaned(call, go_on)
    answer = go_on(call)
    for each in inner_statements(found):
        if clone := matched(_CLONE, each):
            source, target = (call.text[slice(*clone.span(part))] for part in ("source", "clone"))
            write_down(source, target, call.spark, go_on)
    return answer


def _cleaned(call: SqlCall, go_on: GoOn) -> DataFrame:
    """Clean up a table but for what its clones read."""
    found = tokens(call.text)
    vacuum = matched(_VACUUM, found)
    assert vacuum is not None, call.text
    if any(starts(found, at, "USING", "INVENTORY") for at in range(len(found))):
        return go_on(call)
    told = call.text[slice(*vacuum.span("table" if "table" in vacuum else "place"))]
    place = _place(told, call.spark, go_on)
    names = kept(place, call.spark) if place else None
    if names is None:
        return go_on(call)
    after = (
        token.text for token in found[vacuum.end :] if token.upper not in {"LITE", "FULL", ";"}
    )
    view = f"nbkit_files_{uuid.uuid4().hex}"
    _others(place, names, call.spark).createTempView(view)
    inventory = f"USING INVENTORY (TABLE {view})"
    try:
        return go_on(call.saying(" ".join(["VACUUM", told, inventory, *after])))
    finally:
        call.spark.catalog.dropTempView(view)


def _place(table: str, spark: SparkSession, go_on: GoOn) -> str:
    """Return where a table is; empty for one that is none of Delta's, which Spark then says."""
    from pyspark.errors import PySparkException

    try:
        told = go_on(SqlCall(spark, f"DESCRIBE DETAIL {table}")).first()
    except PySparkException:
        return ""
    return str(told["location"]) if told and told["format"] == "delta" else ""


def write_down(source: str, clone: str, spark: SparkSession, go_on: GoOn) -> None:
    """Keep in a table's log folder that a clone reads its files.

    Args:
        source: the table, as SQL names it.
        clone: the one that reads its files.
        spark: the session.
        go_on: asks Spark.
    """
    place, reader = _place(source, spark, go_on), _place(clone, spark, go_on)
    if not place or not reader:
        return
    name = hashlib.sha256(reader.encode()).hexdigest()[:16]
    origins = dict.fromkeys([place, *_read(f"{place}/{_SOURCES}", spark).splitlines()])
    for origin in origins:  # of a clone's clone too: the one between may be dropped
        if _is_there(f"{origin}/{_LOG}", spark):
            _write(f"{origin}/{_RECORDS}/{name}", reader, spark)
    _write(f"{reader}/{_SOURCES}", "\n".join(origins), spark)


def _write(place: str, text: str, spark: SparkSession) -> None:
    path, files = _files(place, spark)
    out = files.create(path, True)
    try:
        out.write(bytearray(text.encode()))
    finally:
        out.close()


def _read(place: str, spark: SparkSession) -> str:
    """Return the text of a file; empty where there is none."""
    if not _is_there(place, spark):
        return ""
    path, files = _files(place, spark)
    opened = files.open(path)
    try:
        return bytes(opened.readAllBytes()).decode()
    finally:
        opened.close()


def _is_there(place: str, spark: SparkSession) -> bool:
    path, files = _files(place, spark)
    return bool(files.exists(path))


def _files(place: str, spark: SparkSession) -> tuple[typing.Any, typing.Any]:
    """Return a path as Hadoop has it, and the file system that it is on."""
    path = spark._jvm.org.apache.hadoop.fs.Path(place)  # noqa: SLF001 - PySpark has no other way
    conf = spark._jsparkSession.sessionState().newHadoopConf()  # noqa: SLF001
    return path, path.getFileSystem(conf)


def clones_of(place: str, spark: SparkSession) -> Iterator[str]:
    """Yield where the clones of a table are that are still there, and the clones of those."""
    waiting, seen = [place], {place}
    while waiting:
        folder, files = _files(f"{waiting.pop()}/{_RECORDS}", spark)
        for status in files.listStatus(folder) if files.exists(folder) else ():
            clone = _read(status.getPath().toString(), spark)
            if not _is_there(f"{clone}/{_LOG}", spark):
                files.delete(status.getPath(), False)
            elif clone not in seen:
                seen.add(clone)
                waiting.append(clone)
                yield clone


def kept(place: str, spark: SparkSession) -> DataFrame | None:
    """Return the names of files that clones of a table may read; None if it has no clones.

    Whatever their logs name counts, so that their earlier versions can be read too.
    """
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    found: DataFrame | None = None
    for clone in clones_of(place, spark):
        print(f"nbkit: VACUUM keeps the files that the shallow clone in {clone} reads")
        logs = [spark.read.schema(_PATHS).json(f"{clone}/{_LOG}/*.json")]
        pattern, files = _files(f"{clone}/{_LOG}/*.checkpoint*.parquet", spark)
        if files.globStatus(pattern):
            logs.append(spark.read.schema(_PATHS).parquet(pattern.toString()))
        for log in logs:
            path = F.explode(F.array("add.path", "remove.path")).alias("path")
            names = log.select(path).where("path IS NOT NULL")
            name = F.regexp_extract(F.url_decode("path"), _NAME, 0).alias("name")
            found = names.select(name) if found is None else found.union(names.select(name))
    return found


def _others(place: str, names: DataFrame, spark: SparkSession) -> DataFrame:
    """Return the files of a table but for some, and for those that tell of deleted rows."""
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    there = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(place)
    name = F.regexp_extract("path", _NAME, 0).alias("name")
    rest = there.select("*", name).join(names.distinct(), "name", "left_anti")
    return rest.where("path NOT LIKE '%.bin'").selectExpr(*_INVENTORY)


def cleaning(vacuum: Callable[..., DataFrame]) -> Callable[..., DataFrame]:
    """Return `DeltaTable.vacuum`, which keeps what clones read."""

    @functools.wraps(vacuum)
    def cleaned(self: typing.Any, retentionHours: float | None = None) -> DataFrame:  # noqa: N803 - Delta's
        spark, place = self.toDF().sparkSession, _place_of(self)
        if not place or next(clones_of(place, spark), None) is None:
            return vacuum(self, retentionHours)
        hours = "" if retentionHours is None else f" RETAIN {retentionHours} HOURS"
        return spark.sql(f"VACUUM {_by_place(place)}{hours}")

    return cleaned


def _place_of(table: typing.Any) -> str:
    told = table.detail().first()
    return str(told["location"]) if told else ""


def _by_place(place: str) -> str:
    return f"delta.{quoted_part(place)}"


def cloning(clone: Callable[..., typing.Any]) -> Callable[..., typing.Any]:
    """Return one of `DeltaTable`'s ways to clone a table, which writes down that it did."""
    signature = inspect.signature(clone)

    @functools.wraps(clone)
    def cloned(self: typing.Any, *args: typing.Any, **named: typing.Any) -> typing.Any:
        made = clone(self, *args, **named)
        target = signature.bind(self, *args, **named).arguments["target"]
        names = (_by_place(_place_of(self)), _by_place(target))
        spark = self.toDF().sparkSession
        write_down(*names, spark, lambda call: spark.sql(call.text))
        return made

    return cloned
