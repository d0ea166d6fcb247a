"""`COPY INTO`: files into a Delta table, each once.

A stream that ends when all is read remembers which files it has read; so it is one, and what it
remembers is beside the table's data, under the table's id: a table that is made anew reads all.
"""

from __future__ import annotations

import hashlib
import typing
import uuid
from dataclasses import dataclass, field

from nbkit.dialect.grammar import matched
from nbkit.dialect.tokens import split, starts, tokens

if typing.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.dialect.tokens import Token

_SHAPE = "COPY INTO <table:name> FROM (<path:text>|<query:list>)"
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
    found = tokens(statement)
    said = matched(_SHAPE, found)
    if said is None:
        return None
    select, inner = _selection(statement, said.of("query")) if "query" in said else ("", "")
    rest = {found[at].upper: at for at in range(said.end, len(found)) if found[at].depth == 0}
    form = matched("FILEFORMAT '=' <word>", found, rest.get("FILEFORMAT", len(found)))
    path = inner or said.value("path")
    if form is None or not path:
        return None
    if pattern := matched("PATTERN '=' <text>", found, rest.get("PATTERN", len(found))):
        path = f"{path.rstrip('/')}/{pattern.value('text')}"
    elif files := matched("FILES '=' <list>", found, rest.get("FILES", len(found))):
        names = (token.value for token in files.of("list") if token.kind == "text")
        path = f"{path.rstrip('/')}/{{{','.join(names)}}}"
    begin, end = said.span("table")
    return Copy(
        statement[begin:end],
        path,
        form.value("word"),
        select,
        _options(found, rest.get("FORMAT_OPTIONS")),
        _options(found, rest.get("COPY_OPTIONS")),
    )


def _selection(statement: str, query: Sequence[Token]) -> tuple[str, str]:
    """Return what `(SELECT … FROM 'path')` selects, and from where."""
    source = matched("FROM <path:text> ')'", query, _last_from(query))
    if source is None or not starts(query, 1, "SELECT"):
        return "", ""
    return statement[query[1].end : query[_last_from(query)].start].strip(), source.value("path")


def _last_from(query: Sequence[Token]) -> int:
    depth = query[0].depth + 1
    return max(
        (at for at, t in enumerate(query) if t.upper == "FROM" and t.depth == depth), default=0
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


def _options(found: Sequence[Token], at: int | None) -> dict[str, str]:
    """Read `('key' = 'value', key = value)` behind a word."""
    given = matched("<word> <list>", found, at) if at is not None else None
    inner = given.of("list")[1:-1] if given else ()
    options = {}
    for pair in split(inner, inner[0].depth) if inner else ():
        equals = next((n for n, token in enumerate(pair) if token.upper == "="), len(pair))
        key, value = (
            "".join(t.value for t in part) for part in (pair[:equals], pair[equals + 1 :])
        )
        options[key] = value
    return options
