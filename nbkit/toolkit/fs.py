"""`dbutils.fs`: files in `dbfs:/` and volumes, on this machine's disk, and where Spark reaches."""

from __future__ import annotations

import typing
from pathlib import Path

from nbkit.dialect import paths
from nbkit.dialect.paths import NO_SAMPLES, SAMPLES
from nbkit.toolkit.file_info import FileInfo, MountInfo
from nbkit.toolkit.local_files import LocalFiles
from nbkit.toolkit.utility import Utility

if typing.TYPE_CHECKING:
    from nbkit.dialect.paths import Located

_CACHE = "is Databricks' own disk cache; use df.cache() or CACHE TABLE"


class FileSystem(typing.Protocol):
    """What the methods of `dbutils.fs` are made of."""

    def info(self, place: Located) -> FileInfo | None:
        """Describe what is at a place; None if nothing is."""
        ...

    def children(self, place: Located) -> list[FileInfo]:
        """Describe what is in a folder, by name."""
        ...

    def make_folder(self, place: Located) -> None:
        """Create a folder and those above it."""
        ...

    def remove(self, place: Located) -> None:
        """Remove a file, or a folder with all that is in it."""
        ...

    def read(self, place: Located, count: int) -> bytes:
        """Return the first bytes of a file."""
        ...

    def write(self, place: Located, data: bytes) -> None:
        """Write a file; the folder it is in exists."""
        ...

    def copy(self, source: Located, target: Located) -> None:
        """Copy one file; the folder it goes to exists."""
        ...


class FilesUtility(Utility):
    """Files and folders, as `dbutils.fs`; `nbkit.dialect.paths` says where a path leads."""

    _name = "dbutils.fs"
    _absent: typing.ClassVar = {
        "mount": (
            "connects no storage here: a mount point such as /mnt/raw is a folder of the project, "
            "and cloud storage is read by its own address, such as s3a:// or abfss://"
        ),
        "updateMount": "changes nothing here: mount points are folders of the project",
        "unmount": "removes nothing here: mount points are folders of the project",
        "cacheFiles": _CACHE,
        "cacheTable": _CACHE,
        "uncacheFiles": _CACHE,
        "uncacheTable": _CACHE,
    }

    def ls(self, path: str) -> list[FileInfo]:
        """List what is in a folder; of a file, the file."""
        place, files = _at(path)
        found = _existing(files, place)
        return files.children(place) if found.isDir() else [found]

    def cp(self, source: str, dest: str, recurse: bool = False) -> bool:
        """Copy a file, or with `recurse=True` what is in a folder; files there are replaced."""
        start, end, files = _both(source, dest)
        _copy(files, start, end, recurse=recurse)
        return True

    def mv(self, source: str, dest: str, recurse: bool = False) -> bool:
        """Move a file, or a folder with `recurse=True`: a copy, and then a removal."""
        start, end, files = _both(source, dest)
        _guard(start)
        _copy(files, start, end, recurse=recurse)
        files.remove(start)
        return True

    def rm(self, dir: str, recurse: bool = False) -> bool:  # noqa: A002 - Databricks' name
        """Remove a file, or a folder with `recurse=True`; False if there is nothing."""
        place, files = _at(dir)
        found = files.info(place)
        if found is None:
            return False
        if found.isDir() and not recurse and files.children(place):
            raise OSError(
                f"java.io.IOException: Cannot delete {place.uri}: it is a folder and not empty; "
                "give recurse=True"
            )
        _guard(place)
        files.remove(place)
        return True

    def mkdirs(self, dir: str) -> bool:  # noqa: A002 - Databricks' name
        """Create a folder, and those above it."""
        place, files = _at(dir)
        found = files.info(place)
        if found is not None and found.isFile():
            raise _exists(place)
        files.make_folder(place)
        return True

    def put(self, file: str, contents: str, overwrite: bool = False) -> bool:
        """Write text to a file, as UTF-8."""
        place, files = _at(file)
        found = files.info(place)
        if found is not None and (found.isDir() or not overwrite):
            raise _exists(place)
        data = contents.encode()
        files.make_folder(place.folder)
        files.write(place, data)
        print(f"Wrote {len(data)} bytes.")
        return True

    def head(self, file: str, max_bytes: int = 65536) -> str:
        """Return the first bytes of a file as text, decoded as UTF-8."""
        place, files = _at(file)
        found = _existing(files, place)
        if found.isDir():
            raise IsADirectoryError(f"Cannot head a directory: {place.uri}")
        data = files.read(place, max_bytes)
        if found.size > len(data):
            print(f"[Truncated to first {max_bytes} bytes]")
        return data.decode(errors="replace")

    def mounts(self) -> list[MountInfo]:
        """Return the one thing that is mounted here: the project's folder, as `dbfs:/`."""
        return [MountInfo("/", paths.dbfs_folder().as_uri(), "")]

    def refreshMounts(self) -> bool:
        """Do nothing: there is one machine, and it knows its folders."""
        return True


def _at(path: str) -> tuple[Located, FileSystem]:
    place = paths.of(path)
    return place, _files(place)


def _both(source: str, dest: str) -> tuple[Located, Located, FileSystem]:
    start, end = paths.of(source), paths.of(dest)
    return start, end, _files(start, end)


def _files(*places: Located) -> FileSystem:
    if all(place.local is not None for place in places):
        return LocalFiles()
    from nbkit.toolkit.hadoop_files import HadoopFiles

    return HadoopFiles()


def _existing(files: FileSystem, place: Located) -> FileInfo:
    found = files.info(place)
    if found is None:
        hint = f": {NO_SAMPLES}" if place.uri.startswith(SAMPLES) else ""
        raise FileNotFoundError(
            f"java.io.FileNotFoundException: No such file or directory {place.uri}{hint}"
        )
    return found


def _exists(place: Located) -> FileExistsError:
    return FileExistsError(f"java.nio.file.FileAlreadyExistsException: {place.uri}")


def _copy(files: FileSystem, source: Located, target: Located, *, recurse: bool) -> None:
    found = _existing(files, source)
    there = files.info(target)
    if found.isFile():
        if there is not None and there.isDir():
            target = target.child(source.name)
        else:
            files.make_folder(target.folder)
        files.copy(source, target)
        return
    if not recurse:
        raise IsADirectoryError(
            f"Cannot copy or move {source.uri}: it is a folder; give recurse=True"
        )
    if there is not None and there.isFile():
        raise _exists(target)
    if f"{target.uri.rstrip('/')}/".startswith(f"{source.uri.rstrip('/')}/"):
        raise ValueError(f"Cannot copy or move {source.uri} into itself: {target.uri}")
    _copy_folder(files, source, target)


def _copy_folder(files: FileSystem, source: Located, target: Located) -> None:
    files.make_folder(target)
    for found in files.children(source):
        name = found.name.rstrip("/")
        if found.isDir():
            _copy_folder(files, source.child(name), target.child(name))
        else:
            files.copy(source.child(name), target.child(name))


def _guard(place: Located) -> None:
    """Keep a notebook that thinks it is in DBFS from removing half of this machine."""
    if place.local is None or not place.uri.startswith("file:"):
        return
    kept = (Path.home(), paths.project())
    top = len(place.local.parts) <= 2  # noqa: PLR2004 - the root, or a folder in it
    if top or any(each.is_relative_to(place.local) for each in kept):
        raise PermissionError(
            f"dbutils.fs does not remove {place.uri}: it is this machine's own folder, not DBFS; "
            "say dbfs:/… for the project's"
        )
