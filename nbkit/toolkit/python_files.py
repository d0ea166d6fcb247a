"""`/dbfs/…`, `/Volumes/…`, `/Workspace/…` as ordinary files for Python: `open`, `os`, pandas.

On Databricks these are folders of the machine's disk. Here nobody may create them, so the
functions by which Python opens and looks at files are told where they lead. Code that is not
Python (shell commands, DuckDB, Polars, most of Arrow) and Spark's Python workers do not go
through them: `nbkit.dialect.paths.of(path).local` is the file's real name.
"""

from __future__ import annotations

import builtins
import functools
import io
import os
import sys
import typing
from importlib import import_module

from nbkit.dialect import paths

if typing.TYPE_CHECKING:
    from collections.abc import Callable

_ONE_PATH = (
    *("access", "chdir", "chmod", "listdir", "lstat", "mkdir", "open", "readlink", "remove"),
    *("rmdir", "scandir", "stat", "statvfs", "truncate", "unlink", "utime"),
)
_TWO_PATHS = ("link", "rename", "replace", "symlink")
_IN_ARROW = ("path_or_paths", "source", "where")
_TOPS = ("/dbfs", "/Volumes")
_PREFIXES = ("/dbfs/", "/Volumes/")
_WORKSPACE = "/Workspace/"
_SUPPORTS = (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks)


def understand() -> None:
    """Let Python code of this process use such paths; doing it again changes nothing."""
    if isinstance(builtins.open, _Leading):
        return
    opens = _wrap(builtins.open, "io", 1)
    builtins.open = opens
    io.open = opens
    shell = sys.modules.get("IPython.core.interactiveshell")
    if shell is not None:  # a notebook's own `open` is IPython's, which keeps this one
        shell.io_open = opens  # type: ignore[attr-defined]
        shell._modified_open.__wrapped__ = opens  # noqa: SLF001
    for count, names in ((1, _ONE_PATH), (2, _TWO_PATHS)):
        for name in names:
            real = getattr(os, name, None)
            if real is not None:
                setattr(os, name, _wrap(real, "os", count))


def understand_in_arrow() -> None:
    """Let pyarrow's Parquet classes use such paths: pandas gives it folders by their names."""
    core = import_module("pyarrow.parquet.core")
    for owner in (core.ParquetDataset, core.ParquetFile, core.ParquetWriter):
        if owner.__init__.__module__ != __name__:
            owner.__init__ = _begun_at(owner.__init__)


def _begun_at(begin: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(begin)
    def begin_at(self: typing.Any, *args: typing.Any, **named: typing.Any) -> None:
        named |= {name: _real_paths(named[name]) for name in _IN_ARROW if name in named}
        begin(self, *map(_real_paths, args[:1]), *args[1:], **named)

    begin_at.__module__ = __name__
    return begin_at


def _real_paths(given: typing.Any) -> typing.Any:
    return [*map(real_path, given)] if isinstance(given, list) else real_path(given)


def real_path(path: typing.Any) -> typing.Any:
    """Return where a path leads, if it is one of these; anything else as it is."""
    text = path
    if not isinstance(text, str):
        if not isinstance(text, os.PathLike):
            return path
        text = text.__fspath__()
    if isinstance(text, str) and (text.startswith(_PREFIXES) or text in _TOPS):
        place = paths.of(text)
        if place.uri.startswith("dbfs:"):
            return os.fspath(typing.cast("os.PathLike[str]", place.local))
    if isinstance(text, str) and text.startswith(_WORKSPACE):
        return paths.without_workspace(text)
    return path


class _Leading:
    """One of Python's functions, told where these paths lead.

    Elsewhere, in a Python worker of Spark, it is that function again: pickled as what it is named.
    """

    __slots__ = ("__dict__", "_count", "_real")  # what wraps this must not copy the real one

    def __init__(self, real: Callable[..., typing.Any], home: str, count: int) -> None:
        self.__module__, self.__name__, self.__doc__ = home, real.__name__, real.__doc__
        self._real = real
        self._count = count

    def __call__(self, *args: typing.Any, **named: typing.Any) -> typing.Any:
        changed = [real_path(path) for path in args[: self._count]]
        for name in ("file", "path", "src", "dst"):
            if name in named:
                named[name] = real_path(named[name])
        return self._real(*changed, *args[self._count :], **named)

    def __reduce__(self) -> str:
        return self._real.__name__


def _wrap(real: Callable[..., typing.Any], home: str, count: int) -> _Leading:
    leading = _Leading(real, home, count)
    for supporting in _SUPPORTS:
        if real in supporting:
            supporting.add(leading)
    return leading
