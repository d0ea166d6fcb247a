"""What a query reads: names of datasets, wherever PySpark takes the name of a table.

While a query function runs in `answering`, `spark.table`, `spark.read.table`,
`spark.readStream.table` and the tables in `spark.sql` text are answered by `QueryInputs`: empty
stand-ins while a pipeline is analysed, the real tables while it is updated. Outside, PySpark is as
it was.
"""

from __future__ import annotations

import functools
import itertools
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from nbkit.dialect import sql_call
from nbkit.dialect.paths import spark_path
from nbkit.dialect.sql_text import quoted_part
from nbkit.dialect.tokens import tokens
from nbkit.errors import UsageError
from nbkit.pipelines.files import change_feed
from nbkit.pipelines.files.file_arguments import file_arguments
from nbkit.pipelines.files.given_names import with_names
from nbkit.pipelines.files.relations import end_of, relations, with_alias
from nbkit.replaced import Replacement, put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from nbkit.dialect.sql_call import GoOn, SqlCall
    from nbkit.pipelines.files.relations import Relation

_METADATA = "_metadata"

_numbers = itertools.count(1)


class QueryInputs(Protocol):
    """Answers a query that reads something by name."""

    def table(self, name: str, *, stream: bool, feed: bool = False) -> DataFrame | str | None:
        """Return a dataset, or the name that Spark knows it by; None for no dataset.

        Args:
            name: as the query writes it.
            stream: whether the query reads it as a stream.
            feed: whether it reads its change feed.
        """
        ...

    def files(
        self,
        path: str,
        options: Mapping[str, str],
        schema: StructType | str | None,
        *,
        stream: bool,
    ) -> DataFrame:
        """Return files as Auto Loader reads them."""
        ...


_inputs: ContextVar[QueryInputs | None] = ContextVar("nbkit_pipeline_inputs", default=None)


@contextmanager
def answering(inputs: QueryInputs) -> Iterator[None]:
    """Answer what is read by name from `inputs`, in this thread."""
    prepare()
    token = _inputs.set(inputs)
    try:
        yield
    finally:
        _inputs.reset(token)


@contextmanager
def asking_spark() -> Iterator[None]:
    """Let what is read by name be Spark's again, within `answering`."""
    token = _inputs.set(None)
    try:
        yield
    finally:
        _inputs.reset(token)


def answered() -> bool:
    """Say whether what is read by name is answered here and now."""
    return _inputs.get() is not None


def prepare() -> None:
    """Ask the inputs in PySpark's own methods: idle without `answering`; twice changes nothing."""
    sql_call.fill("datasets", _querying)
    put(REPLACED)


def _reading(call: Callable[..., Any], *, stream: bool) -> Callable[..., Any]:
    @functools.wraps(call)
    def table(self: Any, tableName: str, *args: Any, **named: Any) -> Any:  # noqa: N803 - PySpark's
        inputs = _inputs.get()
        if inputs is None:
            return call(self, tableName, *args, **named)
        with asking_spark():
            feed = change_feed.is_asked(self.__dict__.get("_nbkit_told", {}).get("options", {}))
            found = inputs.table(tableName, stream=stream, feed=feed)
            if found is None or isinstance(found, str):
                return call(self, found or tableName, *args, **named)
            return found

    return table


def _querying(call: SqlCall, go_on: GoOn) -> DataFrame:
    inputs = _inputs.get()
    if inputs is None:
        return go_on(call)
    with asking_spark():
        call = with_names(call, go_on)
        text, views = _answered(call, inputs, _valuing(call, go_on))
        try:
            if not (views and _hides_metadata(text)):
                return go_on(call.saying(text))
            query = _query_of(text)
            rows = go_on(call.saying(text[query:])).drop(_METADATA)
            if not query:
                return rows
            views.append(f"__nbkit_{next(_numbers)}")
            rows.createOrReplaceTempView(views[-1])
            return go_on(call.saying(f"{text[:query]}TABLE {views[-1]}"))
        finally:
            for view in views:
                call.spark.catalog.dropTempView(view)


def _noting(call: Callable[..., Any]) -> Callable[..., Any]:
    """Remember what a reader is told, which it keeps on Java's side."""
    method = call.__name__

    @functools.wraps(call)
    def note(self: Any, *args: Any, **named: Any) -> Any:
        told = self.__dict__.setdefault("_nbkit_told", {"options": {}})
        if method == "option":
            key = args[0] if args else named["key"]
            told["options"][str(key)] = args[1] if len(args) > 1 else named["value"]
        elif method == "options":
            told["options"] |= named
        else:
            told[method] = args[0] if args else next(iter(named.values()))
        if method == "format" and str(told["format"]).lower() == "cloudfiles":
            return self  # Spark has no such source, `load` does
        return call(self, *args, **named)

    return note


def _loading(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def load(self: Any, path: str | None = None, **named: Any) -> Any:
        told = self.__dict__.get("_nbkit_told", {})
        inputs = _inputs.get()
        if str(told.get("format", "")).lower() != "cloudfiles" or inputs is None:
            return call(self, path, **named)
        options = {**told["options"], **named}
        with asking_spark():
            return _files(inputs, str(path), options, told.get("schema"), stream=True)

    return load


def _valuing(call: SqlCall, go_on: GoOn) -> Callable[[str], str]:
    """Return what has Spark make a value of an expression in a call."""

    def valued(expression: str) -> str:
        found = go_on(call.saying(f"SELECT string({expression})")).collect()[0][0]
        if found is None:
            raise UsageError(f"{expression} is NULL, and an argument of a function of files is not")
        return str(found)

    return valued


def _answered(
    call: SqlCall, inputs: QueryInputs, valued: Callable[[str], str]
) -> tuple[str, list[str]]:
    """Return SQL text that reads views of datasets instead of the datasets, and the views."""
    from pyspark.errors import ParseException

    spark, text = call.spark, call.text
    parser = spark._jsparkSession.sessionState().sqlParser()  # noqa: SLF001 - no other way
    try:
        plan = parser.parsePlan(text)
    except ParseException:
        return text, []  # its own call says so better
    views: list[str] = []
    edits: list[tuple[int, int, str]] = []
    renamed: dict[tuple[str, ...], str] = {}
    came_along = call.views  # DataFrames
    for relation in (each for each in relations(plan) if each.parts[0] not in came_along):
        relation.end = end_of(text, relation)
        found = _answer(relation, text, inputs, valued)
        if (
            relation.stream
            and not relation.is_function
            and (found is None or isinstance(found, str))
        ):
            found = _stream_of_table(spark, relation, found)
        if found is None:
            continue
        if isinstance(found, str):
            replacement = found
        else:
            replacement = f"__nbkit_{next(_numbers)}"
            if relation.is_function and _hides_metadata(text):
                found = found.select("*", _METADATA)
            found.createOrReplaceTempView(replacement)
            views.append(replacement)
        last = relation.parts[-1]
        if len(relation.parts) > 1:
            renamed[tuple(part.lower() for part in relation.parts)] = last
        edits.append(with_alias(text, relation, replacement))
    edits += _columns(text, renamed, [(start, end) for start, end, _ in edits])
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text, views


def _stream_of_table(spark: SparkSession, relation: Relation, found: str | None) -> DataFrame:
    """Return a stream of a table that is no dataset; Spark reads no path in its place."""
    if found is None and [part.lower() for part in relation.parts[:-1]] == ["delta"]:
        return spark.readStream.format("delta").load(spark_path(relation.parts[-1]))
    return spark.readStream.table(found or relation.name)


def _query_of(text: str) -> int:
    """Return where the query begins in a statement that writes its rows to a table."""
    words = [token for token in tokens(text) if token.depth == 0]
    first = [token.upper for token in words]
    if first[0] not in {"CREATE", "REPLACE", "INSERT"} or "VIEW" in first[:5]:
        return 0
    return next((token.start for token in words if token.upper in {"SELECT", "WITH"}), 0)


def _hides_metadata(text: str) -> bool:
    """Say whether a query reads parts of the files' metadata, but never the whole of it.

    A view does not have the column that files hide: it has to show it, and the query's result
    has to be without it again.
    """
    found = tokens(text)
    places = [at for at, token in enumerate(found) if token.text.lower() == _METADATA]
    return bool(places) and all(found[at + 1].text == "." for at in places if at + 1 < len(found))


def _answer(
    relation: Relation, text: str, inputs: QueryInputs, valued: Callable[[str], str]
) -> DataFrame | str | None:
    if not relation.is_function:
        return inputs.table(relation.name, stream=relation.stream)
    name = relation.parts[-1].lower()
    if name not in {"read_files", "cloud_files"}:
        return None
    path, options, schema = file_arguments(text[relation.start : relation.end], name, valued)
    stream = relation.stream or name == "cloud_files"
    return _files(inputs, path, options, schema, stream=stream)


def _files(
    inputs: QueryInputs, path: str, options: dict[str, Any], schema: Any, *, stream: bool
) -> DataFrame:
    """Ask for files with every path in them as Spark's."""
    places = {name: spark_path(str(options[name])) for name in options if _is_place(name)}
    return inputs.files(spark_path(path), {**options, **places}, schema, stream=stream)


def _is_place(option: str) -> bool:
    return option.lower().endswith(("location", "destination"))


def _columns(
    text: str, renamed: Mapping[tuple[str, ...], str], taken: list[tuple[int, int]]
) -> list[tuple[int, int, str]]:
    """Return edits for columns that are written with all of a dataset's name before them."""
    if not renamed:
        return []
    found = tokens(text)
    edits = []
    for at, token in enumerate(found):
        for parts, last in renamed.items():
            words = found[at : at + 2 * len(parts)]
            spelled = [word.text.strip("`").lower() for word in words]
            wanted = [each for part in parts for each in (part, ".")]
            inside = any(start <= token.start < end for start, end in taken)
            if spelled == wanted and not inside and (at == 0 or found[at - 1].text != "."):
                edits.append((token.start, words[-2].end, quoted_part(last)))
    return edits


_OF_PIPELINES = "what a pipeline's query reads by name is what the update has for it"
_OF_FILES = "a stream of cloudFiles is read as Auto Loader does, of which Spark has nothing"
_STREAM_READER = "pyspark.sql.streaming.readwriter:DataStreamReader"
_TABLE = {"table": "self, tableName"}
_PYSPARK = "pyspark 4.2"

REPLACED = (
    *(
        Replacement(
            where, _TABLE, _OF_PIPELINES, _PYSPARK, functools.partial(_reading, stream=False)
        )
        for where in (
            "pyspark.sql.session:SparkSession",
            "pyspark.sql.readwriter:DataFrameReader",
        )
    ),
    Replacement(
        _STREAM_READER, _TABLE, _OF_PIPELINES, _PYSPARK, functools.partial(_reading, stream=True)
    ),
    Replacement(
        "pyspark.sql.readwriter:DataFrameReader",
        {"option": "self, key, value", "options": "self, **options"},
        "a reader of a dataset's change feed has other columns than the dataset",
        _PYSPARK,
        _noting,
    ),
    Replacement(
        _STREAM_READER,
        {
            "format": "self, source",
            "option": "self, key, value",
            "options": "self, **options",
            "schema": "self, schema",
        },
        "what a reader of cloudFiles is told is remembered: it is kept on Java's side",
        _PYSPARK,
        _noting,
    ),
    Replacement(
        _STREAM_READER,
        {"load": "self, path, format, schema, **options"},
        _OF_FILES,
        _PYSPARK,
        _loading,
    ),
)
"""What is replaced for queries of pipelines; see `nbkit.replaced`."""
