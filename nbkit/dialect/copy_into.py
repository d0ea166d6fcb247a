"""`COPY INTO`: files into a Delta table, each once.

A stream that ends when all is read remembers which files it has read; so it is one, and what it
remembers is beside the table's data, under the table's id: a table that is made anew reads all.
"""

from __future__ import annotations

import hashlib
import re
import typing
import uuid
from dataclasses import dataclass, field

if typing.TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession

_TEXT = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_COMMENT = re.compile(rf"(?P<text>{_TEXT})|--[^\n]*|/\*.*?\*/", re.DOTALL)
_STATEMENT = re.compile(
    rf"""\s*COPY\s+INTO\s+(?P<table>[\w.`-]+)\s+FROM\s+
    (?:\(\s*SELECT\s+(?P<select>.*?)\s+FROM\s+(?P<inner>{_TEXT})\s*\)|(?P<path>{_TEXT}))
    \s*(?P<rest>\b.*|)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_FORMAT = re.compile(r"\bFILEFORMAT\s*=\s*(\w+)", re.IGNORECASE)
_PATTERN = re.compile(rf"\bPATTERN\s*=\s*({_TEXT})", re.IGNORECASE)
_FILES = re.compile(rf"\bFILES\s*=\s*\(((?:\s*(?:{_TEXT})\s*,?)+)\)", re.IGNORECASE)
_PAIR = re.compile(rf"({_TEXT}|[\w.]+)\s*=\s*({_TEXT}|[\w.]+)")
_ANSWER = "num_affected_rows BIGINT, num_inserted_rows BIGINT, num_skipped_corrupt_files BIGINT"


@dataclass(frozen=True, slots=True)
class Copy:
    """What a statement asks for.

    Attributes:
        table: where the rows go.
        path: the files, or the folder or pattern of them.
        format: of the files.
        select: what of each row; empty for all.
        reading: options of the files' format.
        writing: options of the copy.
    """

    table: str
    path: str
    format: str
    select: str = ""
    reading: Mapping[str, str] = field(default_factory=dict)
    writing: Mapping[str, str] = field(default_factory=dict)


def parsed(statement: str) -> Copy | None:
    """Return what a statement `COPY INTO …` asks for; None for any other."""
    if not re.search(r"\bCOPY\s+INTO\b", statement, re.IGNORECASE):
        return None
    found = _STATEMENT.fullmatch(_COMMENT.sub(lambda each: each["text"] or " ", statement))
    named = _FORMAT.search(found["rest"]) if found else None
    if found is None or named is None:
        return None
    path, rest = _bare(found["inner"] or found["path"]), found["rest"]
    if pattern := _PATTERN.search(rest):
        path = f"{path.rstrip('/')}/{_bare(pattern[1])}"
    elif files := _FILES.search(rest):
        path = f"{path.rstrip('/')}/{{{','.join(map(_bare, re.findall(_TEXT, files[1])))}}}"
    return Copy(
        found["table"],
        path,
        named[1],
        found["select"] or "",
        _options("FORMAT_OPTIONS", rest),
        _options("COPY_OPTIONS", rest),
    )


def run(copy: Copy, spark: SparkSession) -> DataFrame:
    """Copy the files that the table has not yet; return how many rows that were."""
    schema = spark.read.format(copy.format).options(**copy.reading).load(copy.path).schema
    asked = {name.lower(): value for name, value in copy.writing.items()}
    merging = {"mergeSchema": asked.get("mergeschema", "false")}
    if asked.get("force", "").lower() == "true":
        reader = spark.read.format(copy.format).options(**copy.reading).schema(schema)
        rows = _selected(reader.load(copy.path), copy.select)
        count = rows.count()
        rows.write.format("delta").mode("append").options(**merging).saveAsTable(copy.table)
    else:
        stream = spark.readStream.format(copy.format).options(**copy.reading).schema(schema)
        rows = _selected(stream.load(copy.path), copy.select)
        writer = rows.writeStream.options(**merging, checkpointLocation=_memory(copy, spark))
        query = writer.trigger(availableNow=True).toTable(copy.table)
        query.awaitTermination()
        count = sum(progress["numInputRows"] for progress in query.recentProgress)
    return spark.createDataFrame([(count, count, 0)], _ANSWER)


def _selected(rows: DataFrame, select: str) -> DataFrame:
    if not select:
        return rows
    view = f"nbkit_copy_{uuid.uuid4().hex}"
    rows.createTempView(view)
    try:
        return rows.sparkSession.sql(f"SELECT {select} FROM {view}")  # noqa: S608 - it is SQL that is given
    finally:
        rows.sparkSession.catalog.dropTempView(view)


def _memory(copy: Copy, spark: SparkSession) -> str:
    """Return the folder of what is known of the files of a path that a table has."""
    about = spark.sql(f"DESCRIBE DETAIL {copy.table}").first()
    assert about is not None
    source = hashlib.sha256(copy.path.encode()).hexdigest()[:16]
    return f"{about.location}/_copy_into/{about.id}/{source}"


def _options(word: str, text: str) -> dict[str, str]:
    found = re.search(rf"\b{word}\s*\(((?:{_TEXT}|[^()'\"])*)\)", text, re.IGNORECASE)
    pairs = _PAIR.findall(found[1]) if found else []
    return {_bare(name): _bare(value) for name, value in pairs}


def _bare(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[0] in "'\"" else text
