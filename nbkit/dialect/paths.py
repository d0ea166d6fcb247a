"""Where a path of a Databricks notebook leads on this machine.

    dbfs:/x   /dbfs/x   /Volumes/catalog/schema/volume/x     the project's folder of files
    file:/x                                                  this machine's disk
    /Workspace/x                                             /x: what precedes a notebook's path
    /Workspace/Users/me/repository/x   /Repos/me/repository/x     x in the project
    /x                                                       the disk, if it has that folder;
                                                             else the project's folder
    x                                                        beside nbkit.toml, as in Spark
    s3a://… abfss://… hdfs://… and so on                     there, by Spark's Hadoop

That a real folder wins over one of the same name in DBFS keeps `/tmp/x` and `/home/me/x` what
they are in every other program; `dbfs:/tmp/x` is never the disk's.
"""

from __future__ import annotations

import functools
import os
import posixpath
import re
import typing
from pathlib import Path

from nbkit import serving as attempt
from nbkit import workspace_path

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", re.DOTALL)
_FUSE = re.compile(r"/dbfs(/|$)")
SAMPLES = "dbfs:/databricks-datasets"
NO_SAMPLES = "Databricks' sample data is not here; put files of your own there"
_WORKSPACE = "/Workspace"
_OF_WORKSPACE = ("/Workspace/", "/Repos/")
_TWO_DEEP = frozenset({"mnt", "Volumes"})
_stat = os.stat  # the real one: `nbkit.toolkit.python_files` wraps it


class Located(typing.NamedTuple):
    """Where a path leads.

    Attributes:
        uri: how Spark and Databricks spell it, such as `dbfs:/tmp/x`.
        local: the file or folder on this machine; None for one elsewhere.
    """

    uri: str
    local: Path | None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return posixpath.basename(self.uri.rstrip("/"))

    @property
    def folder(self) -> Located:
        """The place that this one is in."""
        scheme, colon, rest = self.uri.rstrip("/").partition(":")
        above = f"{scheme}{colon}{posixpath.dirname(rest)}"
        return Located(above, self.local.parent if self.local else None)

    def child(self, name: str) -> Located:
        """Return the place of that name in this folder."""
        return Located(f"{self.uri.rstrip('/')}/{name}", self.local / name if self.local else None)


def locate(path: str | os.PathLike[str], dbfs: Path, project: Path) -> Located:
    """Return where a path leads.

    Args:
        path: as a notebook says it.
        dbfs: the folder that `dbfs:/` stands for.
        project: what relative paths start from.
    """
    text = os.fspath(path)
    found = _SCHEME.match(text)
    scheme, rest = (found[1].lower(), found[2]) if found else ("", text)
    if scheme not in {"", "dbfs", "file"}:
        return Located(text, None)
    if scheme:
        rest = f"/{re.sub('^//[^/]*/|^/+', '', rest)}"
    if scheme != "dbfs":
        rest = without_workspace(rest, project)
    if scheme == "dbfs" or _is_dbfs(rest, on_disk=scheme == "file"):
        below = posixpath.normpath(f"/{_FUSE.sub('/', rest) if scheme != 'dbfs' else rest}")
        below = f"/{below.lstrip('/')}"
        return Located(f"dbfs:{below}", dbfs / below[1:])
    local = Path(os.path.normpath(project / rest))
    return Located(f"file:{local.as_posix()}", local)


def spark_path(path: str) -> str:
    """Return a path as Spark finds it: with its scheme, where Spark would look elsewhere."""
    if not path.startswith("/"):
        return path
    place = of(path)
    return place.uri if place.uri.startswith("dbfs:") else without_workspace(path)


def without_workspace(path: str, root: Path | None = None) -> str:
    """Return a path without Databricks' `/Workspace`, if that leads to a folder of the disk.

    Else, one of a repository in a workspace leads to the project, and that is said once.

    Args:
        path: as a notebook says it.
        root: of the project; that of this notebook if it is not given.
    """
    if not path.startswith(_OF_WORKSPACE) or _exists(_WORKSPACE):
        return path
    below = path.removeprefix(_WORKSPACE)
    if below != path and _exists(posixpath.dirname(below)):
        return below
    found = workspace_path.split(path, root or project())
    if found is None:
        return path
    _say(found[0])
    return found[1].as_posix()


@functools.lru_cache
def _say(folder: str) -> None:
    print(f"nbkit: {folder} is this project's folder here")


def of(path: str | os.PathLike[str]) -> Located:
    """Return where a path leads in the project of this notebook; DBFS has its root folder."""
    root, dbfs = _project(_start())
    place = locate(path, dbfs, root)
    if place.uri.startswith("dbfs:") and not dbfs.is_dir():
        _make(root, dbfs)
    return place


def dbfs_folder() -> Path:
    """Return the folder that `dbfs:/` stands for in the project of this notebook."""
    return _project(_start())[1]


def project() -> Path:
    """Return the root of the project of this notebook."""
    return _project(_start())[0]


def _start() -> Path:
    context = attempt.current()
    return Path(context["project"]) if context else Path.cwd()


@functools.lru_cache
def _project(start: Path) -> tuple[Path, Path]:
    from nbkit.settings import Settings

    settings = Settings.of(start)
    return settings.root.absolute(), settings.files_directory.absolute()


def _make(root: Path, dbfs: Path) -> None:
    """Create DBFS; `.nbkit/` keeps it out of git."""
    from nbkit.settings import Settings
    from nbkit.spark.discovery import make_state_directory

    make_state_directory(Settings.of(root))
    dbfs.mkdir(parents=True, exist_ok=True)


def _is_dbfs(path: str, *, on_disk: bool) -> bool:
    """Say whether a path without a scheme, or the disk's, is Databricks' own."""
    if _FUSE.match(path):
        return True
    if not path.startswith("/"):
        return False
    parts = [part for part in path.split("/") if part][:2]
    if on_disk and parts[:1] != ["Volumes"]:
        return False
    depth = 2 if parts and parts[0] in _TWO_DEEP else 1
    if len(parts) < depth and parts != ["Volumes"]:
        return True
    return not _exists("/" + "/".join(parts[:depth]))


def _exists(path: str) -> bool:
    try:
        _stat(path)
    except OSError:
        return False
    return True
