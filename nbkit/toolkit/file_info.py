"""What `dbutils.fs` answers, in Databricks' shapes."""

from __future__ import annotations

import typing


class FileInfo(typing.NamedTuple):
    """A file or folder; a folder's path and name end with a slash, and its size is 0.

    Attributes:
        path: with its scheme, such as `dbfs:/tmp/x.csv`.
        name: the last part of it.
        size: in bytes.
        modificationTime: milliseconds since the epoch.
    """

    path: str
    name: str
    size: int
    modificationTime: int

    def isDir(self) -> bool:
        """Whether it is a folder."""
        return self.name.endswith("/")

    def isFile(self) -> bool:
        """Whether it is a file."""
        return not self.isDir()


class MountInfo(typing.NamedTuple):
    """What stands behind a folder of DBFS."""

    mountPoint: str
    source: str
    encryptionType: str
