"""Workspace files and notebooks: the project's folder, where `/` is its root.

A path of Databricks names a notebook without its suffix. What nbkit keeps for itself, `.nbkit/`,
is not there.
"""

from __future__ import annotations

import base64
import binascii
import shutil
from typing import TYPE_CHECKING, Any

from nbkit.service.answers import Bytes
from nbkit.service.below import below, milliseconds, names_in, number_of, written
from nbkit.service.notebooks import as_document, as_source, document_of, with_header
from nbkit.service.refusals import Refusal, invalid
from nbkit.service.routes import route
from nbkit.source_notebook import FOUND_BY_NAME, LANGUAGES, is_source_notebook
from nbkit.whole_file import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from nbkit.service.project import Project
    from nbkit.service.request import ApiRequest

_LARGEST = 10 * 1024 * 1024
_SUFFIXES = {language.upper(): suffix for suffix, language in LANGUAGES.items()}
_HEADER_BYTES = 200


@route("POST", "workspace/import", "path format language content overwrite")
def import_(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Write a notebook or a file."""
    data = _sent(request)
    path, form = request.text("path"), request.text("format", "SOURCE")
    place, data = _named(place_in_workspace(project, path), data, form, request)
    _write(project, path, place, data, overwrite=request.flag("overwrite"))
    return {}


@route("POST", "workspace-files/import-file/{path…}", "overwrite", raw=True)
def import_file(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Write a file as it is; a notebook is known by its content."""
    path = f"/{request.text('path').strip('/')}"
    place = place_in_workspace(project, path)
    if place.exists() and not request.flag("overwrite"):
        raise Refusal("RESOURCE_ALREADY_EXISTS", f"Path ({path}) already exists.", 409)
    _write(project, path, place, request.body, overwrite=True)
    return {}


@route("GET", "workspace/export", "path format direct_download outputs")
def export(project: Project, request: ApiRequest) -> dict[str, Any] | Bytes:
    """Return a notebook or a file."""
    path = request.text("path")
    place = _there(project, path)
    if place.is_dir():
        raise invalid(f"{path} is a folder: export its files one by one.")
    data, suffix = _exported(place, request.text("format", "SOURCE"))
    if len(data) > _LARGEST:
        raise Refusal("MAX_NOTEBOOK_SIZE_EXCEEDED", f"{path} is larger than 10 MB.")
    if request.flag("direct_download"):
        return Bytes(data)
    return {"content": base64.b64encode(data).decode(), "file_type": suffix.lstrip(".")}


@route("GET", "workspace/get-status", "path")
def get_status(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return what is known of a notebook, a file or a folder."""
    return _status(project, _there(project, request.text("path")))


@route("GET", "workspace/list", "path notebooks_modified_after")
def listed(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return what is in a folder."""
    place = _there(project, request.text("path"))
    after = request.number("notebooks_modified_after", 0)
    hidden = project.settings.state_directory
    found = [each for each in names_in(place) if each != hidden] if place.is_dir() else [place]
    objects = [_status(project, each) for each in found if each.exists()]
    kept = [each for each in objects if each.get("modified_at", after) >= after]
    return {"objects": kept} if kept else {}


@route("POST", "workspace/mkdirs", "path")
def mkdirs(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Make a folder, with those above it."""
    path = request.text("path")
    try:
        place_in_workspace(project, path).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise _exists(path) from None
    return {}


@route("POST", "workspace/delete", "path recursive")
def delete(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Remove a notebook, a file or a folder."""
    path = request.text("path")
    place = _there(project, path)
    if place == project.settings.root:
        raise invalid("The project's folder cannot be deleted.")
    if not place.is_dir() or place.is_symlink():
        place.unlink()
    elif not request.flag("recursive") and any(place.iterdir()):
        message = f"Folder ({path}) is not empty; set recursive to delete it."
        raise Refusal("DIRECTORY_NOT_EMPTY", message)
    elif project.settings.state_directory.is_relative_to(place):
        raise invalid(f"Folder ({path}) holds what nbkit keeps for itself.")
    else:
        shutil.rmtree(place)
    return {}


def place_in_workspace(project: Project, path: str) -> Path:
    """Return where a path of the workspace leads on this machine.

    A path that a notebook here has, which is one of the disk, leads there if it is in the project.

    Raises:
        Refusal: it is not absolute, or leads elsewhere.
    """
    root = project.settings.root
    if not path.startswith("/"):
        raise invalid(f"Path ({path}) must be absolute: it starts with '/'.")
    plain = path.removeprefix("/Workspace") if f"{path}/".startswith("/Workspace/") else path
    if f"{plain}/".startswith(f"{root}/"):
        plain = plain[len(str(root)) :]
    place = below(root, plain)
    kept = project.settings.state_directory.resolve()
    if place.resolve().is_relative_to(kept):
        raise Refusal("PERMISSION_DENIED", f"Path ({path}) is what nbkit keeps for itself.")
    return place


def _there(project: Project, path: str) -> Path:
    place = place_in_workspace(project, path)
    if place.exists():
        return place
    for suffix in FOUND_BY_NAME:
        notebook = place.with_name(f"{place.name}{suffix}")
        if _language(notebook):
            return notebook
    raise Refusal("RESOURCE_DOES_NOT_EXIST", f"Path ({path}) doesn't exist.")


def _sent(request: ApiRequest) -> bytes:
    if "content" in request.uploads:
        data = request.uploads["content"]
    else:
        try:
            data = base64.b64decode(request.text("content", ""), validate=True)
        except (binascii.Error, ValueError):
            raise invalid("content is not Base64.") from None
    if len(data) > _LARGEST:
        raise Refusal("MAX_NOTEBOOK_SIZE_EXCEEDED", "The content is larger than 10 MB.")
    return data


def _named(place: Path, data: bytes, form: str, request: ApiRequest) -> tuple[Path, bytes]:
    """Return the file that an import makes, and what is in it."""
    if form == "JUPYTER":
        if document_of(data) is None:
            raise invalid("The content is no Jupyter notebook.")
        return _with_suffix(place, ".ipynb"), data
    if form in ("AUTO", "RAW"):
        return place, data
    if form != "SOURCE":
        raise invalid(f"The format {form} is not supported here: use SOURCE, JUPYTER or AUTO.")
    language = request.text("language", "") or LANGUAGES.get(place.suffix.lower(), "").upper()
    if language not in _SUFFIXES:
        known = ", ".join(_SUFFIXES)
        raise invalid(f"The format SOURCE needs a language ({known}), not '{language}'.")
    suffix = _SUFFIXES[language]
    try:
        text = with_header(data.decode(), suffix)
    except UnicodeDecodeError:
        raise invalid("The content is not UTF-8 text.") from None
    return _with_suffix(place, suffix), text.encode()


def _with_suffix(place: Path, suffix: str) -> Path:
    return place if place.suffix.lower() == suffix else place.with_name(f"{place.name}{suffix}")


def _write(project: Project, path: str, place: Path, data: bytes, *, overwrite: bool) -> None:
    with project.writing:
        if place.is_dir() or place == project.settings.root:
            raise _exists(path)
        if not place.parent.is_dir():
            above = written(project.settings.root, place.parent)
            message = f"The parent folder ({above}) does not exist."
            raise Refusal("RESOURCE_DOES_NOT_EXIST", message)
        stem = place.with_suffix("") if place.suffix in FOUND_BY_NAME else place
        others = [stem.with_name(f"{stem.name}{suffix}") for suffix in FOUND_BY_NAME]
        same_name = [each for each in others if each != place and _language(each)]
        if not overwrite and (place.exists() or (same_name and _is_notebook(place, data))):
            raise _exists(path)
        write_atomically(place, data)
        if _language(place):  # a path names one notebook, whatever form it is in
            for each in same_name:
                each.unlink()


def _is_notebook(place: Path, data: bytes) -> bool:
    if place.suffix == ".ipynb":
        return True
    return is_source_notebook(data[:_HEADER_BYTES].decode(errors="replace"), place.suffix)


def _exported(place: Path, form: str) -> tuple[bytes, str]:
    """Return a file in the form that was asked for, and the suffix of that form."""
    data, suffix = place.read_bytes(), place.suffix
    language = _language(place)
    if not language or form in ("AUTO", "RAW"):
        return data, suffix
    if form == "HTML":
        return _page(place, data), ".html"
    if form not in ("SOURCE", "JUPYTER"):
        raise invalid(f"The format {form} is not supported here: use SOURCE, JUPYTER, HTML, AUTO.")
    if (form == "JUPYTER") == (suffix == ".ipynb"):
        return data, suffix
    if form == "JUPYTER":
        return as_document(data.decode(errors="replace"), suffix).encode(), ".ipynb"
    document = document_of(data)
    if document is None:
        raise invalid(f"{place.name} is no Jupyter notebook.")
    return as_source(document).encode(), ".py"


def _page(place: Path, data: bytes) -> bytes:
    import nbformat

    from nbkit.report.notebook_page import render_notebook

    text = data.decode(errors="replace")
    document = text if place.suffix == ".ipynb" else as_document(text, place.suffix)
    notebook = nbformat.reads(document, 4)
    return render_notebook(notebook, title=place.name, source=place.name).encode()


def _status(project: Project, place: Path) -> dict[str, Any]:
    path = written(project.settings.root, place)
    about: dict[str, Any] = {"object_type": "FILE", "path": path}
    language = _language(place)
    if place.is_dir():
        about["object_type"] = "DIRECTORY"
    elif language:
        stem = place.with_suffix("")
        alone = not stem.exists() and _first_of(stem) == place
        named = written(project.settings.root, stem) if alone else path
        about |= {"object_type": "NOTEBOOK", "path": named, "language": language}
    number = number_of(path)
    about |= {"object_id": number, "resource_id": str(number)}
    if not place.is_dir():
        changed = milliseconds(place)
        about |= {"created_at": changed, "modified_at": changed, "size": place.stat().st_size}
    return about


def _first_of(stem: Path) -> Path | None:
    """Return the notebook that a path without a suffix leads to."""
    guesses = (stem.with_name(f"{stem.name}{suffix}") for suffix in FOUND_BY_NAME)
    return next((guess for guess in guesses if _language(guess)), None)


def _language(place: Path) -> str:
    """Return the language of a notebook; empty if a file is none, or is not there."""
    if not place.is_file():
        return ""
    if place.suffix == ".ipynb":
        return "PYTHON"
    suffix = place.suffix.lower()
    if suffix not in LANGUAGES:
        return ""
    with place.open("rb") as file:
        first = file.read(_HEADER_BYTES).decode(errors="replace")
    return LANGUAGES[suffix].upper() if is_source_notebook(first, suffix) else ""


def _exists(path: str) -> Refusal:
    return Refusal("RESOURCE_ALREADY_EXISTS", f"Path ({path}) already exists.")
