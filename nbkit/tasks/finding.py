"""The file that a task names, found and read as its type says."""

from __future__ import annotations

import tokenize
from typing import TYPE_CHECKING

from nbkit.errors import DefinitionError
from nbkit.graph.address import Address
from nbkit.graph.kinds.kind import Found
from nbkit.near import hint
from nbkit.on_disk import is_file, is_there, kind, names_in, read_text, shown
from nbkit.tasks.places import find_file, find_notebook, missing_file, missing_notebook
from nbkit.tasks.work import TaskFailedError

if TYPE_CHECKING:
    from pathlib import Path

    from nbkit.graph.kinds.kind import FileField

_SPECS = ("spark-pipeline.yml", "spark-pipeline.yaml")


def find(file: FileField, named: str | None, directory: Path) -> Found | None:
    """Return what a task names; None if it names nothing.

    Args:
        file: what its type says of it.
        named: what the task says; a folder is that of the job, if it says nothing.
        directory: the folder that its path starts at.

    Raises:
        TaskFailedError: it is not there, or cannot be read.
    """
    if file.what == "folder":
        return _folder(file, directory / (named or ""))
    if named is None:
        return None
    if file.what == "pipeline":
        return _pipeline(directory, named)
    if file.what == "notebook":
        path, missing = find_notebook(directory, named), missing_notebook
    else:
        path, missing = find_file(directory, named), missing_file
    if path is None:
        raise TaskFailedError("notebook_unreadable", missing(directory, named))
    if file.what == "notebook":
        return Found(str(path))
    return Found(str(path), _python(path) if file.what == "python" else _text(path))


def _folder(file: FileField, path: Path) -> Found:
    folder = path.resolve()
    if not is_file(folder / file.holding):
        message = f"{shown(folder)} is no {file.called}: it has no {file.holding}."
        raise TaskFailedError("notebook_unreadable", message)
    return Found(str(folder))


def _python(path: Path) -> str:
    """Read a file of Python in the encoding that it names."""
    try:
        with tokenize.open(path) as file:
            return file.read()
    except (SyntaxError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read as Python: {error}"
        raise TaskFailedError("notebook_unreadable", message) from None


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except DefinitionError as error:
        raise TaskFailedError("notebook_unreadable", str(error)) from None


def _pipeline(directory: Path, named: str) -> Found:
    """Return the file of a pipeline, and its absolute address."""
    address = Address.parse(named)
    file, key = address.split(lambda name: is_there(directory / name))
    path = directory / file
    if kind(path) == "folder":
        path = next((path / name for name in _SPECS if is_file(path / name)), path)
    if not is_file(path):
        specs = [each.name for each in names_in(directory) if each.suffix in {".yml", ".yaml"}]
        raise TaskFailedError(
            "unsupported",
            f"There is no pipeline {named} on this machine{hint(named, specs)}. Name its "
            "spark-pipeline.yml, or a bundle and a key such as databricks.yml:orders.",
        )
    place = str(path.resolve())
    found = Address(f"{place}:{key}" if key else place, address.target, address.variables)
    return Found(str(path), address=str(found))
