"""Databricks' paths without a scheme, such as `/Volumes/…`, in what PySpark takes paths in but SQL.

`dbfs:/` itself needs none of this: the driver's Hadoop knows it (`nbkit.spark.conf`). Spark
Connect, whose server is somebody else's, is left alone.
"""

from __future__ import annotations

import functools
import inspect
import os
import typing

from nbkit.dialect.paths import spark_path
from nbkit.dialect.sql_paths import OPTION, path_edits
from nbkit.dialect.tokens import Edit, edited

if typing.TYPE_CHECKING:
    from collections.abc import Callable

    _Args = tuple[typing.Any, ...]
    _Named = dict[str, typing.Any]
    _Change = Callable[[_Args, _Named], tuple[_Args, _Named]]
    _Method = Callable[..., typing.Any]

_PATHS = frozenset({"path", "paths", "location", "identifier", "name"})
_CONVERT = "CONVERT TO DELTA "


def any_path(method: _Method) -> _Method:
    """Return a method for which paths are Spark's: arguments called so, and options of paths.

    What else begins with a slash, such as `comment="//"` of a CSV file, is no path.
    """
    signature = inspect.signature(method)
    kinds = {name: each.kind for name, each in signature.parameters.items()}

    @functools.wraps(method)
    def call(self: typing.Any, *args: typing.Any, **named: typing.Any) -> typing.Any:
        try:
            given = signature.bind_partial(self, *args, **named)
        except TypeError:
            return method(self, *args, **named)  # which says better what is wrong
        for name, value in given.arguments.items():
            if kinds[name] is inspect.Parameter.VAR_KEYWORD:
                given.arguments[name] = _of_options(value)
            elif name in _PATHS:
                several = kinds[name] is inspect.Parameter.VAR_POSITIONAL
                given.arguments[name] = tuple(map(_path, value)) if several else _path(value)
        return method(*given.args, **given.kwargs)

    return call


def option_path(method: _Method) -> _Method:
    """Return `option(key, value)` for which the value of a path's option is Spark's."""
    return _changed(method, _value_of_option)


def options_paths(method: _Method) -> _Method:
    """Return `options(**options)` for which the values of paths' options are Spark's."""
    return _changed(method, _values_of_options)


def identifier_path(method: _Method) -> _Method:
    """Return a method for which a path in ``parquet.`/x` `` is Spark's."""
    return _changed(method, _identifiers)


def _changed(method: _Method, change: _Change) -> _Method:
    @functools.wraps(method)
    def call(self: typing.Any, *args: typing.Any, **named: typing.Any) -> typing.Any:
        args, named = change(args, named)
        return method(self, *args, **named)

    return call


def _value_of_option(args: _Args, named: _Named) -> tuple[_Args, _Named]:
    given = dict(zip(("key", "value"), args, strict=False)) | named
    if OPTION.fullmatch(str(given.get("key"))):
        given["value"] = _path(given.get("value"))
    return (), given


def _values_of_options(args: _Args, named: _Named) -> tuple[_Args, _Named]:
    return args, _of_options(named)


def _of_options(given: _Named) -> _Named:
    return {
        name: _path(value) if OPTION.fullmatch(name) else value for name, value in given.items()
    }


def _identifiers(args: _Args, named: _Named) -> tuple[_Args, _Named]:
    return tuple(map(_identifier, args)), {name: _identifier(named[name]) for name in named}


def _identifier(value: typing.Any) -> typing.Any:
    if not isinstance(value, str):
        return value
    edits = path_edits(_CONVERT + value)
    moved = (Edit(e.start - len(_CONVERT), e.end - len(_CONVERT), e.text) for e in edits)
    return edited(value, moved)


def _path(value: typing.Any) -> typing.Any:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str):
        return spark_path(value) if value.startswith("/") and len(value) > 1 else value
    if isinstance(value, list):
        return [_path(each) for each in value]
    return value
