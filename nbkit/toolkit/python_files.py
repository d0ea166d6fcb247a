"""`/dbfs/…` and `/Volumes/…` as ordinary files for Python: `open`, `os`, `pathlib`, pandas.

On Databricks these are folders of the machine's disk. Here nobody may create them, so the
functions by which Python opens and looks at files are told where they lead. Code that is not
Python (shell commands, DuckDB, Polars, Arrow's own file systems) and Spark's Python workers
do not go through them: `nbkit.toolkit.paths.of(path).local` is the file's real name.
"""

from __future__ import annotations

import builtins
import functools
import io
import os
import sys
import typing

from nbkit.toolkit import paths

if typing.TYPE_CHECKING:
    from collections.abc import Callable

_ONE_PATH = (
    *("access", "chdir", "chmod", "listdir", "lstat", "mkdir", "open", "readlink", "remove"),
    *("rmdir", "scandir", "stat", "statvfs", "truncate", "unlink", "utime"),
)
_TWO_PATHS = ("link", "rename", "replace", "symlink")
_TOPS = ("/dbfs", "/Volumes")
_PREFIXES = ("/dbfs/", "/Volumes/")
_SUPPORTS = (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks)


def understand() -> None:
    """Let Python code of this process use such paths; doing it again changes nothing."""
    if getattr(builtins.open, "__module__", "") == __name__:
        return
    opens = _wrap(builtins.open, 1)
    builtins.open = opens
    io.open = opens
    shell = sys.modules.get("IPython.core.interactiveshell")
    if shell is not None:  # a notebook's own `open` is IPython's, which keeps this one
        shell.io_open = opens  # type: ignore[attr-defined]
    for count, names in ((1, _ONE_PATH), (2, _TWO_PATHS)):
        for name in names:
            real = getattr(os, name, None)
            if real is not None:
                setattr(os, name, _wrap(real, count))


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
    return path


def _wrap(real: Callable[..., typing.Any], count: int) -> Callable[..., typing.Any]:
    @functools.wraps(real)
    def call(*args: typing.Any, **named: typing.Any) -> typing.Any:
        changed = [real_path(path) for path in args[:count]]
        for name in ("file", "path", "src", "dst"):
            if name in named:
                named[name] = real_path(named[name])
        return real(*changed, *args[count:], **named)

    call.__module__ = __name__
    for supporting in _SUPPORTS:
        if real in supporting:
            supporting.add(call)
    return call
