"""Databricks' paths without a scheme, such as `/Volumes/…`, in what PySpark takes paths in.

`dbfs:/` itself needs none of this: the driver's Hadoop knows it (`nbkit.spark.conf`). Spark
Connect, whose server is somebody else's, is left alone.
"""

from __future__ import annotations

import functools
import os
import re
import typing

from nbkit.dialect.paths import spark_path

if typing.TYPE_CHECKING:
    from collections.abc import Callable

    _Args = tuple[typing.Any, ...]
    _Named = dict[str, typing.Any]
    _Change = Callable[[_Args, _Named], tuple[_Args, _Named]]

_FORMATS = ("csv", "json", "orc", "parquet", "text", "xml")
_OPTION = re.compile(r"path|.*(path|location|dir)", re.IGNORECASE)
_SQL = re.compile(
    r"""(?P<id>\b(?:avro|binaryFile|csv|delta|json|orc|parquet|text|xml)\.`)(?P<in_id>/[^`]*)`
    | (?P<word>\b(?:LOCATION|DIRECTORY|INPATH|HISTORY|DETAIL|VACUUM|OPTIMIZE
        |['"`]?path['"`]?\s*=?)\s*(?P<quote>['"]))
      (?P<in_text>/(?:(?!(?P=quote)).)*)(?P=quote)
    | '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | `[^`]*` | --[^\n]* | /\*.*?\*/""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)


def understand_in_pyspark() -> None:
    """Let readers, writers, streams, RDDs and SQL of this process take such paths."""
    from pyspark.core.context import SparkContext
    from pyspark.core.rdd import RDD
    from pyspark.sql.catalog import Catalog
    from pyspark.sql.readwriter import DataFrameReader, DataFrameWriter, DataFrameWriterV2
    from pyspark.sql.session import SparkSession
    from pyspark.sql.streaming.readwriter import DataStreamReader, DataStreamWriter

    _wrap(_first_words, DataFrameReader, "load", *_FORMATS)
    _wrap(_first_words, DataFrameWriter, "save", "saveAsTable", *_FORMATS)
    _wrap(_first_words, DataStreamReader, "load", *_FORMATS)
    _wrap(_first_words, DataStreamWriter, "start", "toTable")
    _wrap(_first_words, SparkContext, "textFile", "wholeTextFiles", "binaryFiles", "addFile")
    _wrap(_first_words, RDD, "saveAsTextFile", "saveAsPickleFile")
    _wrap(_first_words, Catalog, "createTable", "createExternalTable")
    for options in (
        *(DataFrameReader, DataFrameWriter, DataFrameWriterV2),
        *(DataStreamReader, DataStreamWriter),
    ):
        _wrap(_value_of_option, options, "option")
        _wrap(_values_of_options, options, "options")
    _wrap(_statement, SparkSession, "sql")


def understand_in_delta() -> None:
    """Let `DeltaTable` of this process take such paths."""
    from delta.tables import DeltaTable, DeltaTableBuilder

    _wrap(_first_words, DeltaTable, "forPath", "isDeltaTable")
    _wrap(_statement, DeltaTable, "convertToDelta")
    _wrap(_first_words, DeltaTableBuilder, "location")


def in_sql(text: str) -> str:
    """Return a SQL statement with every path as Spark's: in backticks, or after a word for it."""

    def replaced(found: re.Match[str]) -> str:
        if found["in_id"]:
            return f"{found['id']}{spark_path(found['in_id'])}`"
        if found["in_text"]:
            return f"{found['word']}{spark_path(found['in_text'])}{found['quote']}"
        return found[0]

    return _SQL.sub(replaced, text) if "/" in text else text


def _wrap(change: _Change, owner: type, *names: str) -> None:
    """Let `change` see the arguments of methods before the methods do."""
    for name in names:
        found = owner.__dict__.get(name)
        method = getattr(found, "__func__", found)
        if method is None or hasattr(method, "__wrapped_for_paths__"):
            continue
        changed = _changed(method, change)
        setattr(owner, name, classmethod(changed) if isinstance(found, classmethod) else changed)


def _changed(method: Callable[..., typing.Any], change: _Change) -> Callable[..., typing.Any]:
    @functools.wraps(method)
    def call(self: typing.Any, *args: typing.Any, **named: typing.Any) -> typing.Any:
        args, named = change(args, named)
        return method(self, *args, **named)

    call.__wrapped_for_paths__ = True  # type: ignore[attr-defined]
    return call


def _first_words(args: _Args, named: _Named) -> tuple[_Args, _Named]:
    """Change all arguments that can be paths: what is no path does not begin like one."""
    return tuple(map(_path, args)), {name: _path(value) for name, value in named.items()}


def _value_of_option(args: _Args, named: _Named) -> tuple[_Args, _Named]:
    given = dict(zip(("key", "value"), args, strict=False)) | named
    if _OPTION.fullmatch(str(given.get("key"))):
        given["value"] = _path(given.get("value"))
    return (), given


def _values_of_options(args: _Args, named: _Named) -> tuple[_Args, _Named]:
    return args, {
        name: _path(value) if _OPTION.fullmatch(name) else value for name, value in named.items()
    }


def _statement(args: _Args, named: _Named) -> tuple[_Args, _Named]:
    def statement(value: typing.Any) -> typing.Any:
        return in_sql(value) if isinstance(value, str) else value

    return tuple(map(statement, args)), {name: statement(value) for name, value in named.items()}


def _path(value: typing.Any) -> typing.Any:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str):
        return spark_path(value) if value.startswith("/") and len(value) > 1 else value
    if isinstance(value, list):
        return [_path(each) for each in value]
    return value
