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
from nbkit.dialect.paths import spark_path
from nbkit.dialect.splitter import inner_statements
from nbkit.dialect.sql_call import SqlCall
from nbkit.dialect.sql_text import quoted_part
from nbkit.dialect.tokens import starts, tokens

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.dialect.grammar import Found
    from nbkit.dialect.sql_call import GoOn

_CLONE = (
    "(CREATE|[CREATE OR] REPLACE) TABLE [IF NOT EXISTS] <clone:name> SHALLOW CLONE <source:name>"
)
_RENAMED = "ALTER TABLE <table:name> RENAME TO <clone:name>"
_VACUUM = "VACUUM (<table:name>|<place:text>)"
_LOG = "_delta_log"
_RECORDS = f"{_LOG}/_nbkit_clones"
_SOURCES = f"{_LOG}/_nbkit_clone_of"
_CHECKPOINTS = ("*.checkpoint*.parquet", "_sidecars/*.parquet")
_CHANGES = "_change_data"
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
        if renamed := matched(_RENAMED, each):
            _moved(_new_name(renamed, call.text), call.spark, go_on)
    return answer


def _new_name(renamed: Found, text: str) -> str:
    """Return what a table is called now; a short name is one beside its old one."""
    name = text[slice(*renamed.span("clone"))]
    dots = [token for token in renamed.of("table") if token.upper == "."]
    if not dots or any(token.upper == "." for token in renamed.of("clone")):
        return name
    return text[renamed.span("table")[0] : dots[-1].end] + name


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
    origins = dict.fromkeys([place, *_origins(place, spark), *_origins(reader, spark)])
    _record(origins, reader, spark)  # of a clone's clone too: the one between may be dropped
    _write(f"{reader}/{_SOURCES}", "\n".join(origins), spark)


def _moved(clone: str, spark: SparkSession, go_on: GoOn) -> None:
    """Keep in the log folders of its sources where a clone is now."""
    if reader := _place(clone, spark, go_on):
        _record(_origins(reader, spark), reader, spark)


def _origins(place: str, spark: SparkSession) -> list[str]:
    """Return the tables whose files a clone may read; none for a table that is no clone."""
    return _read(f"{place}/{_SOURCES}", spark).splitlines()


def _record(origins: Iterable[str], reader: str, spark: SparkSession) -> None:
    from py4j.protocol import Py4JJavaError

    name = hashlib.sha256(reader.encode()).hexdigest()[:16]
    for origin in origins:
        if not _is_there(f"{origin}/{_LOG}", spark):
            continue
        try:
            _write(f"{origin}/{_RECORDS}/{name}", reader, spark)
        except Py4JJavaError as error:  # the clone is made, of somebody else's table
            print(
                f"nbkit: VACUUM of {origin} will not know that the shallow clone in {reader} reads "
                f"its files: {error.java_exception.toString()}"
            )


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
        for checkpoints in _CHECKPOINTS:
            pattern, files = _files(f"{clone}/{_LOG}/{checkpoints}", spark)
            if files.globStatus(pattern):
                logs.append(spark.read.schema(_PATHS).parquet(pattern.toString()))
        for log in logs:
            path = F.explode(F.array("add.path", "remove.path")).alias("path")
            names = log.select(path).where("path IS NOT NULL")
            plain = F.url_decode(F.replace("path", F.lit("+"), F.lit("%2B")))  # + is no space here
            name = F.regexp_extract(plain, _NAME, 0).alias("name")
            found = names.select(name) if found is None else found.union(names.select(name))
    return found


def _others(place: str, names: DataFrame, spark: SparkSession) -> DataFrame:
    """Return the files of a table but for some, and for those that tell of deleted rows."""
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    folders = [place, *([changes] if _is_there(changes := f"{place}/{_CHANGES}", spark) else [])]
    there = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(folders)
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
        given = signature.bind(self, *args, **named)
        target = given.arguments["target"]
        if not isinstance(target, str):
            return clone(*given.args, **given.kwargs)  # which says what is wrong
        given.arguments["target"] = target = spark_path(target)
        name = _by_place(target) if ":/" in target or target.startswith("/") else target
        spark = self.toDF().sparkSession
        try:
            return clone(*given.args, **given.kwargs)
        finally:  # Delta makes a clone with a name, and then fails to find it at that path
            write_down(_by_place(_place_of(self)), name, spark, lambda call: spark.sql(call.text))

    return cloned
