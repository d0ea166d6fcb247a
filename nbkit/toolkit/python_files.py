"""`/dbfs/…`, `/Volumes/…`, `/Workspace/…` as ordinary files for Python: `open`, `os`, pandas.

On Databricks these are folders of the machine's disk. Here nobody may create them, so the
functions by which Python opens and looks at files are told where they lead. Code that is not
Python (shell commands, DuckDB, Polars, most of Arrow) and Spark's Python workers do not go
through them: `nbkit.dialect.paths.of(path).local` is the file's real name.
"""

from __future__ import annotations

import functools
import os
import typing

from nbkit.dialect import paths
from nbkit.replaced import Replacement

if typing.TYPE_CHECKING:
    from collections.abc import Callable

_ONE_PATH = {
    **dict.fromkeys(("chdir", "listdir", "rmdir", "scandir", "statvfs"), "path, …"),
    **dict.fromkeys(("access", "chmod", "lstat", "mkdir", "open", "readlink"), "path, …"),
    **dict.fromkeys(("remove", "stat", "truncate", "unlink"), "path, …"),
    "utime": "…",  # Python does not say them
}
_TWO_PATHS = dict.fromkeys(("link", "rename", "replace", "symlink"), "src, dst, …")
_IN_ARROW = ("path_or_paths", "source", "where")
_TOPS = ("/dbfs", "/Volumes")
_PREFIXES = ("/dbfs/", "/Volumes/")
_WORKSPACE = ("/Workspace/", "/Repos/")
_SUPPORTS = (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks)


def _begun_at(begin: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(begin)
    def begin_at(self: typing.Any, *args: typing.Any, **named: typing.Any) -> None:
        named |= {name: _real_paths(named[name]) for name in _IN_ARROW if name in named}
        begin(self, *map(_real_paths, args[:1]), *args[1:], **named)

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


@functools.cache
def _wrap(real: Callable[..., typing.Any], home: str, count: int) -> _Leading:
    leading = _Leading(real, home, count)
    for supporting in _SUPPORTS:
        if real in supporting:
            supporting.add(leading)
    return leading


def _leading(home: str, count: int) -> Callable[[typing.Any], typing.Any]:
    def change(real: typing.Any) -> typing.Any:
        return real if isinstance(real, _Leading) else _wrap(real, home, count)

    return change


_OPEN = "file, mode, …"
_WHY = "/dbfs, /Volumes and /Workspace are folders of the project for Python code"
_PYTHON = "Python 3.11 to 3.14"
_IPYTHON = "ipython 9"
_ARROW = "pyarrow 22"

REPLACED = (
    Replacement("builtins", {"open": _OPEN}, _WHY, _PYTHON, _leading("io", 1)),
    Replacement("io", {"open": _OPEN}, _WHY, _PYTHON, _leading("io", 1)),
    Replacement("os", _ONE_PATH, _WHY, _PYTHON, _leading("os", 1)),
    Replacement("os", _TWO_PATHS, _WHY, _PYTHON, _leading("os", 2)),
    Replacement(
        "IPython.core.interactiveshell",
        {"io_open": _OPEN},
        "a notebook's own `open` is IPython's, which keeps Python's",
        _IPYTHON,
        _leading("io", 1),
    ),
    Replacement(
        "IPython.core.interactiveshell:_modified_open",
        {"__wrapped__": _OPEN},
        "so does what wraps it",
        _IPYTHON,
        _leading("io", 1),
    ),
    *(
        Replacement(
            f"pyarrow.parquet.core:{owner}",
            {"__init__": f"self, {parameter}, …"},
            "pandas gives pyarrow folders by their names, which go past `open`",
            _ARROW,
            _begun_at,
        )
        for owner, parameter in (
            ("ParquetDataset", "path_or_paths"),
            ("ParquetFile", "source"),
            ("ParquetWriter", "where"),
        )
    ),
)
"""What is replaced for Python's own files; see `nbkit.replaced`."""
