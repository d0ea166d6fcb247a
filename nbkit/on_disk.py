"""Paths as people name them: what is there, what is in it, and what keeps one from looking.

Whatever the operating system answers is either an answer here or a `PathError`, whose message
names the place and the cause on one line.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote

from nbkit.errors import DefinitionError, Problem, UsageError
from nbkit.readable import readable

Kind = Literal["file", "folder", "stream", "socket", "device"]

_KINDS: tuple[tuple[int, Kind], ...] = (
    (stat.S_IFREG, "file"),
    (stat.S_IFDIR, "folder"),
    (stat.S_IFIFO, "stream"),
    (stat.S_IFCHR, "stream"),
    (stat.S_IFSOCK, "socket"),
)
_CAUSES = {errno.ENXIO: "it is no file, but a socket or a device that nobody serves"}
_URI = "file://"
_LONGEST_SHOWN = 200
_LARGEST = 64 << 20
"""Characters that a file of settings may have: `/dev/zero` has no end."""


class PathError(UsageError):
    """The operating system does not let one look at a path; the message says why."""


def kind(path: Path) -> Kind | None:
    """Return what is at a path; None if there is nothing.

    Raises:
        PathError: that cannot be told: a folder that may not be entered, a name that is too long.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise PathError(cause(error, path)) from None
    return next((name for kind_, name in _KINDS if stat.S_IFMT(mode) == kind_), "device")


def is_there(path: Path) -> bool:
    """Say whether anything is at a path, as far as one may look."""
    try:
        return kind(path) is not None
    except PathError:
        return False


def is_file(path: Path) -> bool:
    """Say whether there is a file, as far as one may look; for guesses at names."""
    try:
        return kind(path) == "file"
    except PathError:
        return False


def file_at(path: Path) -> Path | None:
    """Return the real path of a file that somebody named; None if there is nothing.

    Raises:
        PathError: what is there is no file, or may not be read.
    """
    found = kind(path)
    if found is None:
        return None
    if found != "file":
        raise PathError(f"{shown(path)}: it is a {found}, not a file")
    if not os.access(path, os.R_OK):
        raise PathError(f"{shown(path)}: {os.strerror(errno.EACCES)}")
    return path.resolve()


def names_in(folder: Path) -> list[Path]:
    """Return what is in a folder, by name; nothing if one may not look."""
    try:
        return sorted(folder.iterdir())
    except (OSError, ValueError):
        return []


def missing_folder(path: Path) -> str:
    """Return the nearest folder above a path that does not exist; empty if they all do."""
    return "" if is_there(path.parent) else missing_folder(path.parent) or shown(path.parent)


def read_text(path: Path) -> str:
    """Return the text of a file, whatever its lines end with.

    Raises:
        PathError: it cannot be read, or has no end.
        DefinitionError: it is not UTF-8.
    """
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_LARGEST + 1)
    except UnicodeDecodeError as error:
        message = f"it is not UTF-8 text (byte {error.start} of the file)"
        raise DefinitionError((Problem("", message),), shown(path)) from None
    except OSError as error:
        raise PathError(f"{shown(path)} cannot be read: {_why(error)}") from None
    except ValueError as error:
        raise PathError(cause(error, path)) from None
    if len(text) > _LARGEST:
        raise PathError(f"{shown(path)} is larger than {_LARGEST >> 20} MiB: nothing of ours is")
    return text


def here() -> Path:
    """Return the current folder.

    Raises:
        PathError: it has been removed.
    """
    try:
        return Path.cwd()
    except OSError:
        raise PathError("the current folder no longer exists: go to another one") from None


def cause(error: OSError | ValueError, path: Path | str = "") -> str:
    """Return on one line what the operating system did not do, and why.

    Args:
        error: what it raised; of a name that no file can have, a ValueError.
        path: where, if the error does not say it.
    """
    if not isinstance(error, OSError):
        return f"{shown(path)}: no file can have this name: {error}"
    place = path or error.filename or ""
    return f"{shown(place)}: {_why(error)}" if place else _why(error)


def _why(error: OSError) -> str:
    return _CAUSES.get(error.errno or 0) or error.strerror or str(error) or type(error).__name__


def shown(path: Path | str | bytes) -> str:
    """Return a path as people can read it: on one line, of valid Unicode, not too long."""
    text = readable(os.fsdecode(path))
    plain = "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
    if len(plain) <= _LONGEST_SHOWN:
        return plain
    half = _LONGEST_SHOWN // 2
    return f"{plain[:half]}…{plain[-half:]} ({len(plain)} characters)"


def address(path: Path) -> str:
    """Return a path as text that can be kept: of a name that is no Unicode, its `file://` URI."""
    text = str(path)
    if readable(text) == text:
        return text
    return _URI + quote(text, errors="surrogateescape")


def place(text: str) -> Path:
    """Return the path of a text that `address` made, and of any other."""
    if not text.startswith(f"{_URI}/"):
        return Path(text)
    return Path(unquote(text.removeprefix(_URI), errors="surrogateescape"))
