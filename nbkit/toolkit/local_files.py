"""The few things that `dbutils.fs` needs of a file system, done on this machine's disk."""

from __future__ import annotations

import os
import re
import shutil
import stat
import typing

from nbkit.toolkit.file_info import FileInfo

if typing.TYPE_CHECKING:
    from pathlib import Path

    from nbkit.dialect.paths import Located

_CHECKSUM = re.compile(r"\..*\.crc")
"""Spark writes one beside every file, and hides it in its own listings too."""


class LocalFiles:
    """Files on the disk; see `nbkit.toolkit.fs.FileSystem`."""

    def info(self, place: Located) -> FileInfo | None:
        """Describe what is at a place; None if nothing is."""
        try:
            about = _path(place).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        end = "/" if stat.S_ISDIR(about.st_mode) else ""
        size = 0 if end else about.st_size
        uri = place.uri.rstrip("/") + end
        return FileInfo(uri, f"{place.name}{end}", size, about.st_mtime_ns // 1_000_000)

    def children(self, place: Located) -> list[FileInfo]:
        """Describe what is in a folder, by name."""
        names = sorted(os.listdir(_path(place)))  # noqa: PTH208 - names are all it needs
        found = (self.info(place.child(name)) for name in names if not _CHECKSUM.fullmatch(name))
        return [info for info in found if info is not None]

    def make_folder(self, place: Located) -> None:
        """Create a folder and those above it."""
        _path(place).mkdir(parents=True, exist_ok=True)

    def remove(self, place: Located) -> None:
        """Remove a file, or a folder with all that is in it."""
        path = _path(place)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
            return
        path.unlink()
        path.with_name(f".{path.name}.crc").unlink(missing_ok=True)

    def read(self, place: Located, count: int) -> bytes:
        """Return the first bytes of a file."""
        with _path(place).open("rb") as file:
            return file.read(count)

    def write(self, place: Located, data: bytes) -> None:
        """Write a file; the folder it is in exists."""
        path = _path(place)
        _forget_checksum(path)
        path.write_bytes(data)

    def copy(self, source: Located, target: Located) -> None:
        """Copy one file; the folder it goes to exists."""
        path = _path(target)
        _forget_checksum(path)
        shutil.copyfile(_path(source), path)


def _path(place: Located) -> Path:
    assert place.local is not None
    return place.local


def _forget_checksum(path: Path) -> None:
    """Take away the checksum of what Spark wrote here: it would call the new content corrupt."""
    path.with_name(f".{path.name}.crc").unlink(missing_ok=True)
