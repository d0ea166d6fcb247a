"""Files of volumes, and of the workspace, as they are."""

from __future__ import annotations

import mimetypes
import shutil
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from nbkit.service.answers import Bytes, FileOnDisk
from nbkit.service.below import milliseconds, names_in
from nbkit.service.endpoints.dbfs import make_root, place_of
from nbkit.service.endpoints.workspace import place_in_workspace
from nbkit.service.refusals import Refusal, invalid
from nbkit.service.routes import route
from nbkit.service.shapes import place_of as start_of
from nbkit.service.shapes import token_of
from nbkit.whole_file import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from nbkit.service.project import Project
    from nbkit.service.request import ApiRequest

_PAGE = 1000
_NO_CONTENT = 204


@route("PUT", "fs/files/{path…}", "overwrite", raw=True)
def upload(project: Project, request: ApiRequest) -> Bytes:
    """Write a file."""
    place = _place(project, request)
    overwrite = request.flag("overwrite") if request.has("overwrite") else False
    if place.is_dir():
        raise invalid(f"{_path(request)} is a folder.")
    if place.exists() and not overwrite:
        raise Refusal("ALREADY_EXISTS", f"The file {_path(request)} already exists.")
    try:
        write_atomically(place, request.body)
    except (NotADirectoryError, FileExistsError):
        raise invalid(f"A part of the path {_path(request)} is a file.") from None
    return Bytes(status=_NO_CONTENT)


@route("GET", "fs/files/{path…}")
def download(project: Project, request: ApiRequest) -> FileOnDisk:
    """Return a file."""
    place = _file(project, request)
    return FileOnDisk(place, _headers(place))


@route("HEAD", "fs/files/{path…}")
def metadata(project: Project, request: ApiRequest) -> Bytes:
    """Return what is known of a file."""
    place = _file(project, request)
    headers = _headers(place)
    return Bytes(kind=headers["Content-Type"], headers=headers)


@route("DELETE", "fs/files/{path…}")
def delete(project: Project, request: ApiRequest) -> Bytes:
    """Remove a file."""
    _file(project, request).unlink()
    return Bytes(status=_NO_CONTENT)


@route("PUT", "fs/directories/{path…}", raw=True)
def make_folder(project: Project, request: ApiRequest) -> Bytes:
    """Make a folder, with those above it."""
    try:
        _place(project, request).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise Refusal("ALREADY_EXISTS", f"{_path(request)} is a file.") from None
    return Bytes(status=_NO_CONTENT)


@route("HEAD", "fs/directories/{path…}")
def folder_metadata(project: Project, request: ApiRequest) -> Bytes:
    """Say whether a folder is there."""
    _folder(project, request)
    return Bytes()


@route("GET", "fs/directories/{path…}", "page_size page_token")
def listed(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return what is in a folder."""
    folder = _folder(project, request)
    size = request.number("page_size", _PAGE) or _PAGE
    if not 0 < size <= _PAGE:
        raise invalid(f"page_size must be from 1 to {_PAGE}.")
    token = request.text("page_token", "")
    start = start_of(token) if token else 0
    names = names_in(folder)
    found = [_entry(_path(request), each) for each in names[start : start + size] if each.exists()]
    more = start + size < len(names)
    return {"contents": found} | ({"next_page_token": token_of(start + size)} if more else {})


@route("DELETE", "fs/directories/{path…}")
def delete_folder(project: Project, request: ApiRequest) -> Bytes:
    """Remove an empty folder."""
    folder = _folder(project, request)
    if names_in(folder):
        raise invalid(f"The folder {_path(request)} is not empty.")
    shutil.rmtree(folder)
    return Bytes(status=_NO_CONTENT)


def _path(request: ApiRequest) -> str:
    return f"/{request.text('path').strip('/')}"


def _place(project: Project, request: ApiRequest) -> Path:
    path = _path(request)
    if path.startswith("/Workspace/"):
        return place_in_workspace(project, path)
    make_root(project)
    return place_of(project, path)


def _file(project: Project, request: ApiRequest) -> Path:
    place = _place(project, request)
    if not place.is_file():
        raise Refusal("NOT_FOUND", f"The file {_path(request)} does not exist.", 404)
    return place


def _folder(project: Project, request: ApiRequest) -> Path:
    place = _place(project, request)
    if not place.is_dir():
        raise Refusal("NOT_FOUND", f"The directory {_path(request)} does not exist.", 404)
    return place


def _headers(place: Path) -> dict[str, str]:
    found = place.stat()
    changed = datetime.fromtimestamp(found.st_mtime, UTC)
    return {
        "Content-Length": str(found.st_size),
        "Content-Type": mimetypes.guess_type(place.name)[0] or "application/octet-stream",
        "Last-Modified": format_datetime(changed, usegmt=True),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(place.name)}",
    }


def _entry(folder: str, place: Path) -> dict[str, Any]:
    path = f"{folder.rstrip('/')}/{place.name}"
    if place.is_dir():
        return {"path": path, "name": place.name, "is_directory": True}
    return {
        "path": path,
        "name": place.name,
        "is_directory": False,
        "file_size": place.stat().st_size,
        "last_modified": milliseconds(place),
    }
