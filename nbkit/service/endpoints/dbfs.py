"""DBFS: the project's folder of files, in blocks of Base64."""

from __future__ import annotations

import base64
import binascii
import secrets
import shutil
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbkit.service.below import SCRATCH, below, milliseconds, names_in, written
from nbkit.service.refusals import Refusal, invalid
from nbkit.service.routes import route
from nbkit.whole_file import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from nbkit.service.project import Project
    from nbkit.service.request import ApiRequest

_LARGEST_BLOCK = 1 << 20
_MOST_OPEN = 1000


@dataclass
class _Uploads:
    """Files that clients are writing, by the handle of each."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    open: dict[int, tuple[Path, Path]] = field(default_factory=dict)


_uploads = _Uploads()


@route("POST", "dbfs/create", "path overwrite")
def create(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Begin a file; it is there once it is closed."""
    place = _new(project, request)
    place.parent.mkdir(parents=True, exist_ok=True)
    handle = secrets.randbelow(2**53)
    scratch = place.with_name(f"{SCRATCH}{handle}.tmp")
    with _uploads.lock:
        if len(_uploads.open) >= _MOST_OPEN:
            raise Refusal("RESOURCE_LIMIT_EXCEEDED", f"{_MOST_OPEN} files are open already.")
        _uploads.open[handle] = (scratch, place)
    scratch.touch(exist_ok=False)
    return {"handle": handle}


@route("POST", "dbfs/add-block", "handle data")
def add_block(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Append to a file that was begun."""
    del project
    data = _decoded(request.text("data"))
    if len(data) > _LARGEST_BLOCK:
        message = "The block is larger than 1 MB."
        raise Refusal("MAX_BLOCK_SIZE_EXCEEDED", message)
    with _uploads.lock:
        scratch, _ = _opened(request.number("handle"))
        with scratch.open("ab") as file:
            file.write(data)
    return {}


@route("POST", "dbfs/close", "handle")
def close(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Finish a file that was begun."""
    del project
    with _uploads.lock:
        scratch, place = _opened(request.number("handle"))
        scratch.replace(place)
        del _uploads.open[request.number("handle")]
    return {}


@route("POST", "dbfs/put", "path contents overwrite")
def put(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Write a whole file."""
    place = _new(project, request)
    if "contents" in request.uploads:
        data = request.uploads["contents"]
    else:
        data = _decoded(request.text("contents", ""))
        if len(data) > _LARGEST_BLOCK:
            message = "The contents are larger than 1 MB: send them in blocks."
            raise Refusal("MAX_BLOCK_SIZE_EXCEEDED", message)
    write_atomically(place, data)
    return {}


@route("GET", "dbfs/read", "path offset length")
def read(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return a piece of a file."""
    place = _there(project, request.text("path"))
    if place.is_dir():
        raise invalid("A folder cannot be read.")
    offset, length = request.number("offset", 0), request.number("length", _LARGEST_BLOCK // 2)
    if offset < 0 or length < 0:
        raise invalid("offset and length must not be negative.")
    if length > _LARGEST_BLOCK:
        raise Refusal("MAX_READ_SIZE_EXCEEDED", "At most 1 MB can be read at a time.")
    with place.open("rb") as file:
        file.seek(offset)
        data = file.read(length)
    return {"bytes_read": len(data), "data": base64.b64encode(data).decode()}


@route("GET", "dbfs/get-status", "path")
def get_status(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return what is known of a file or folder."""
    return _status(project, _there(project, request.text("path")))


@route("GET", "dbfs/list", "path")
def listed(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return what is in a folder."""
    place = _there(project, request.text("path"))
    found = names_in(place) if place.is_dir() else [place]
    return {"files": [_status(project, each) for each in found if each.exists()]}


@route("POST", "dbfs/mkdirs", "path")
def mkdirs(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Make a folder, with those above it."""
    place = place_of(project, request.text("path"))
    try:
        place.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise _exists(request.text("path")) from None
    return {}


@route("POST", "dbfs/move", "source_path destination_path")
def move(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Move a file or folder."""
    source = _there(project, request.text("source_path"))
    target = place_of(project, request.text("destination_path"))
    if target.is_dir() and not source.is_dir():
        target /= source.name
    if target.exists():
        raise _exists(request.text("destination_path"))
    if target.is_relative_to(source):
        raise invalid("A folder cannot be moved into itself.")
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)
    return {}


@route("POST", "dbfs/delete", "path recursive")
def delete(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Remove a file or folder."""
    place = _there(project, request.text("path"))
    if place == project.settings.files_directory:
        raise invalid("The root of DBFS cannot be deleted.")
    if not place.is_dir() or place.is_symlink():
        place.unlink()
    elif request.flag("recursive"):
        shutil.rmtree(place)
    elif any(place.iterdir()):
        raise Refusal("IO_ERROR", f"{request.text('path')} is not empty; set recursive.")
    else:
        place.rmdir()
    return {}


def place_of(project: Project, path: str) -> Path:
    """Return where a path of DBFS, or of a volume, leads on this machine."""
    plain = path.removeprefix("dbfs:")
    plain = plain.removeprefix("/dbfs") if plain.startswith("/dbfs/") else plain
    if not plain.startswith("/"):
        raise invalid(f"Path ({path}) must be absolute, such as /a/b or dbfs:/a/b.")
    return below(project.settings.files_directory, plain)


def make_root(project: Project) -> None:
    """Create the folder that DBFS is, out of git's sight."""
    from nbkit.spark.discovery import make_state_directory

    make_state_directory(project.settings)
    project.settings.files_directory.mkdir(parents=True, exist_ok=True)


def _there(project: Project, path: str) -> Path:
    place = place_of(project, path)
    if place == project.settings.files_directory:
        make_root(project)
    if not place.exists():
        message = f"No file or directory exists on path {path}."
        raise Refusal("RESOURCE_DOES_NOT_EXIST", message)
    return place


def _new(project: Project, request: ApiRequest) -> Path:
    path = request.text("path")
    place = place_of(project, path)
    make_root(project)
    if place.is_dir() or (place.exists() and not request.flag("overwrite")):
        raise _exists(path)
    return place


def _exists(path: str) -> Refusal:
    return Refusal("RESOURCE_ALREADY_EXISTS", f"A file or directory already exists at {path}.")


def _opened(handle: int) -> tuple[Path, Path]:
    found = _uploads.open.get(handle)
    if found is None:
        raise Refusal("RESOURCE_DOES_NOT_EXIST", f"No file is open with handle {handle}.")
    return found


def _status(project: Project, place: Path) -> dict[str, Any]:
    folder = place.is_dir()
    return {
        "path": written(project.settings.files_directory, place),
        "is_dir": folder,
        "file_size": 0 if folder else place.stat().st_size,
        "modification_time": milliseconds(place),
    }


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise invalid("The data is not Base64.") from None
