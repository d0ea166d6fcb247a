"""The few things that `dbutils.fs` needs of a file system, done by the Hadoop in Spark."""

from __future__ import annotations

import typing

from nbkit.toolkit.file_info import FileInfo
from nbkit.toolkit.session import is_classic, session

if typing.TYPE_CHECKING:
    from nbkit.dialect.paths import Located


class HadoopFiles:
    """Files wherever Spark reads and writes; see `nbkit.toolkit.fs.FileSystem`.

    Raises:
        NotImplementedError: the session is a Spark Connect one, which has no such access.
    """

    def __init__(self) -> None:
        spark = session.attach()
        assert spark is not None
        if not is_classic(spark):
            raise NotImplementedError(
                "dbutils.fs reaches remote paths through a classic Spark session, and this one "
                "is Spark Connect; read and write them with spark.read and df.write"
            )
        self._jvm: typing.Any = spark.sparkContext._jvm  # noqa: SLF001 - PySpark has no other way
        state = spark._jsparkSession.sessionState()  # noqa: SLF001
        self._conf = state.newHadoopConf()

    def info(self, place: Located) -> FileInfo | None:
        """Describe what is at a place; None if nothing is."""
        files, path = self._at(place)
        return _info(files.getFileStatus(path)) if files.exists(path) else None

    def children(self, place: Located) -> list[FileInfo]:
        """Describe what is in a folder, by name."""
        files, path = self._at(place)
        return sorted(_info(status) for status in files.listStatus(path))

    def make_folder(self, place: Located) -> None:
        """Create a folder and those above it."""
        files, path = self._at(place)
        files.mkdirs(path)

    def remove(self, place: Located) -> None:
        """Remove a file, or a folder with all that is in it."""
        files, path = self._at(place)
        files.delete(path, True)

    def read(self, place: Located, count: int) -> bytes:
        """Return the first bytes of a file."""
        files, path = self._at(place)
        opened = files.open(path)
        try:
            return bytes(opened.readNBytes(count))
        finally:
            opened.close()

    def write(self, place: Located, data: bytes) -> None:
        """Write a file; the folder it is in exists."""
        files, path = self._at(place)
        opened = files.create(path, True)
        try:
            opened.write(bytearray(data))
        finally:
            opened.close()

    def copy(self, source: Located, target: Located) -> None:
        """Copy one file; the folder it goes to exists."""
        copy = self._jvm.org.apache.hadoop.fs.FileUtil.copy
        copy(*self._at(source), *self._at(target), False, True, self._conf)

    def _at(self, place: Located) -> tuple[typing.Any, typing.Any]:
        path = self._jvm.org.apache.hadoop.fs.Path(place.uri)
        return path.getFileSystem(self._conf), path


def _info(status: typing.Any) -> FileInfo:
    end = "/" if status.isDirectory() else ""
    path = status.getPath()
    size = 0 if end else status.getLen()
    return FileInfo(f"{path}{end}", f"{path.getName()}{end}", size, status.getModificationTime())
