"""Paths that clients name, as places below a folder of this machine: never outside of it."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from nbkit.on_disk import shown
from nbkit.service.refusals import Refusal, invalid

if TYPE_CHECKING:
    from pathlib import Path

SCRATCH = ".nbkit-"
"""How files begin that are being written; nobody is shown them."""
_LONGEST_NAME = 255


def below(folder: Path, path: str) -> Path:
    """Return the place that a path leads to, below a folder.

    Args:
        folder: where `/` is.
        path: with `/` between its parts.

    Raises:
        Refusal: it leads out of the folder, by `..` or by a link, or no file can have this name.
    """
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise invalid(f"Path ({_quoted(path)}) must not contain '..'.")
    if "\0" in path or any(len(os.fsencode(part)) > _LONGEST_NAME for part in parts):
        raise invalid(f"Path ({_quoted(path)}) is one that no file can have.")
    found = folder.joinpath(*parts)
    try:
        inside = found.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # links that lead in a circle
        inside = False
    if not inside:
        message = f"Path ({_quoted(path)}) leads out of the project's files."
        raise Refusal("PERMISSION_DENIED", message)
    return found


def written(folder: Path, place: Path) -> str:
    """Return a place below a folder as clients name it."""
    rest = place.relative_to(folder).as_posix()
    return "/" if rest == "." else f"/{rest}"


def number_of(text: str) -> int:
    """Return a number for a name, always the same."""
    return int.from_bytes(hashlib.sha256(text.encode(errors="surrogateescape")).digest()[:6]) + 1


def names_in(folder: Path) -> list[Path]:
    """Return what is in a folder, by name, without what is being written."""
    return sorted(each for each in folder.iterdir() if not each.name.startswith(SCRATCH))


def milliseconds(place: Path) -> int:
    """Return when a file was changed."""
    return int(place.stat().st_mtime * 1000)


def _quoted(path: str) -> str:
    return shown(path.replace("\0", "\\0"))
