"""Where the definition is that a person names, and whose project it is."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from nbkit import on_disk
from nbkit.bundle_files import keys_in, whole_bundle
from nbkit.errors import DefinitionError, Problem, UsageError
from nbkit.graph.address import Address
from nbkit.near import hint
from nbkit.readable import readable
from nbkit.settings import Settings

SUFFIXES = (".json", ".yml", ".yaml")
STREAM = "-"
"""Stands for a file's name where a job came through a pipe; on the command line, for standard
input."""
_OF_THE_SYSTEM = ("/dev/", "/proc/")


def project_of(job: str | Path) -> Settings:
    """Return the settings of the project that a job's file is in, from wherever it is called.

    Raises:
        UsageError: there is no such file.
        DefinitionError: the project's settings are invalid.
    """
    path, _ = located(Address.parse(str(job)))
    return Settings.of(path.parent)


def only_job(folder: Path) -> str:
    """Return the address of the only job in a folder.

    Raises:
        UsageError: there is none, or there are several.
    """
    found: list[str] = []
    for file in on_disk.names_in(folder):
        if file.suffix.lower() in SUFFIXES and on_disk.is_file(file):
            found += jobs_in(file)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError("there is no job file in this folder; name one, or see `nbkit init`")
    raise UsageError(f"this folder has {len(found)} jobs: say which of {', '.join(found)}")


def jobs_in(file: Path) -> list[str]:
    """Return the addresses of the jobs that a file defines, as far as it can be read."""
    try:
        text = on_disk.read_text(file)
        own = _mentions(text, "tasks")
        if not own and not _mentions(text, "include"):
            return []
        main, _ = whole_bundle(file, None)
        if main != file:
            return []  # the main file has them
        keys = keys_in(file)
    except DefinitionError:
        return [file.name] if own else []  # running it tells what is wrong
    return [f"{file.name}:{key}" for key in keys] or ([file.name] if own else [])


def _mentions(text: str, name: str) -> bool:
    return f'"{name}"' in text or f"{name}:" in text


def located(address: Address) -> tuple[Path, str | None]:
    """Return the file that an address names, and the key; for a pipe `STREAM`, as if it were here.

    Raises:
        UsageError: there is no such file.
    """
    if address.job == STREAM:
        return on_disk.here() / STREAM, None
    name, job_key = address.split(lambda name: on_disk.is_there(on_disk.place(name)))
    path = on_disk.place(name)
    kind = on_disk.kind(path)
    if kind == "folder":
        nearest = _nearest(path / "job")
        raise UsageError(f"{on_disk.shown(path)} is a folder; name the job file in it{nearest}")
    if kind is None:
        raise UsageError(f"there is no job file {on_disk.shown(path)}{_nearest(path)}")
    if kind == "stream" or str(path).startswith(_OF_THE_SYSTEM):
        return on_disk.here() / STREAM, job_key
    found = on_disk.file_at(path)
    assert found is not None
    return found, job_key


def in_project(source: str, root: str, here: Path) -> str:
    """Return where a definition is in this machine's copy of a project.

    Args:
        source: where it was when its run was begun, as `Definition.source` says.
        root: the project's folder then; empty if that is not known.
        here: the project's folder now.
    """
    if not root or root == str(here):
        return source
    address = Address.parse(source)
    if not address.job.startswith(f"{root}/"):
        return source
    moved = replace(address, job=f"{here}{address.job[len(root) :]}")
    name, _ = moved.split(lambda name: on_disk.is_there(on_disk.place(name)))
    return str(moved) if on_disk.is_there(on_disk.place(name)) else source


def streamed(address: Address) -> str:
    """Return what comes through a pipe; it can be read only once.

    Raises:
        DefinitionError: it is not UTF-8.
    """
    if address.job != STREAM:
        name, _ = address.split(lambda name: on_disk.is_there(Path(name)))
        return on_disk.read_text(Path(name))
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        message = f"it is not UTF-8 text (byte {error.start})"
        raise DefinitionError((Problem("", message),), "standard input") from None


def _nearest(path: Path) -> str:
    if missing := on_disk.missing_folder(path):
        return f": the folder {missing} does not exist"
    there = on_disk.names_in(path.parent)
    names = [readable(file.name) for file in there if file.suffix in SUFFIXES]
    return hint(path.name, names)
