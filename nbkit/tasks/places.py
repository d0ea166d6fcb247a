"""Where things of a job are: its notebooks, and the output notebooks of its runs."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from nbkit import workspace_path
from nbkit.near import hint
from nbkit.on_disk import address, file_at, is_file, missing_folder, names_in, place, shown
from nbkit.readable import readable
from nbkit.settings import find_root
from nbkit.source_notebook import FOUND_BY_NAME, is_source_notebook

if TYPE_CHECKING:
    from nbkit.events import Unit

_SUFFIX = ".ipynb"
_UNSAFE = re.compile(r"[^\w.-]+")
_ELSEWHERE = re.compile(r"\w{2,}:/|/(?:Workspace|Volumes|Repos)/")
_LONGEST = 100
_TAKEN = frozenset({"", ".", "..", "lock", "graph.json", "report.html"})
"""Names in a run's folder that are not a task's."""


def find_notebook(directory: Path, named: str) -> Path | None:
    """Return the notebook that a job names, with or without its suffix; None if it is missing.

    Args:
        directory: folder of the job's file.
        named: `notebook_path` as the job has it.

    Raises:
        PathError: what is there is no file, or may not be read.
    """
    for path in _meant(directory, named):
        if (found := file_at(path)) is not None:
            return found
        guesses = (Path(f"{path}{suffix}") for suffix in FOUND_BY_NAME)
        if (guess := next(filter(_is_notebook, guesses), None)) is not None:
            return guess.resolve()
    return None


def _meant(directory: Path, named: str) -> tuple[Path, ...]:
    """Return where what a job names may be, the likeliest first.

    A path of the workspace starts at the project's folder, as clients of the service see it.
    """
    path = directory / place(named)
    if not named.startswith("/"):
        return (path,)
    below = named.removeprefix("/Workspace") if named.startswith("/Workspace/") else named
    root = find_root(directory)
    found = workspace_path.split(named, root)
    return (path, root / below.lstrip("/"), *([found[1]] if found and found[1] != root else []))


def _is_notebook(path: Path) -> bool:
    """Say whether a file is a notebook; a `.py` or `.sql` may be a module or a script."""
    if not is_file(path) or path.suffix == _SUFFIX:
        return is_file(path)
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return is_source_notebook(file.readline(), path.suffix)
    except OSError:
        return False  # one that may not be read is not found by half its name


def missing_notebook(directory: Path, named: str) -> str:
    """Return the message for a notebook that is not there; it names the nearest one that is."""
    path = directory / place(named)
    if missing := missing_folder(path):
        return f"There is no notebook {shown(named)}: the folder {missing} does not exist."
    names = sorted({file.stem for file in names_in(path.parent) if _is_notebook_name(file)})
    suffix = path.suffix if path.suffix.lower() in FOUND_BY_NAME else ""
    known = hint(path.name.removesuffix(suffix), map(readable, names))
    return f"There is no notebook {shown(named)} in {shown(path.parent)}{known}."


def _is_notebook_name(path: Path) -> bool:
    return path.suffix in FOUND_BY_NAME and _is_notebook(path)


def find_file(directory: Path, named: str) -> Path | None:
    """Return a file that a job names; None if it is not there.

    Raises:
        PathError: what is there is no file, or may not be read.
    """
    found = map(file_at, _meant(directory, named))
    return next((path for path in found if path is not None), None)


def missing_file(directory: Path, named: str) -> str:
    """Return the message for a file that is not there; it names the nearest one that is."""
    if _ELSEWHERE.match(named):
        return f"{shown(named)} is not on this machine; name a file relative to the job's."
    path = directory / place(named)
    if missing := missing_folder(path):
        return f"There is no file {shown(named)}: the folder {missing} does not exist."
    names = [readable(file.name) for file in names_in(path.parent) if file.suffix == path.suffix]
    return f"There is no file {shown(named)} in {shown(path.parent)}{hint(path.name, names)}."


def output_path(runs_directory: Path, run_id: int, unit: Unit, attempt: int) -> Path:
    """Return where the output notebook of an attempt goes."""
    folder = runs_directory / str(run_id) / folder_name(unit.task_key)
    if unit.iteration is not None:
        folder /= str(unit.iteration)
    return folder / f"{attempt}{_SUFFIX}"


def folder_name(task_key: str) -> str:
    """Return a name for the task's folder: its key, where file systems can take it.

    Keys that had to be changed get a digest, so that no two tasks share a folder.
    """
    name = _UNSAFE.sub("_", task_key)[:_LONGEST]
    if name == task_key and name not in _TAKEN:
        return name
    digest = hashlib.sha256(task_key.encode()).hexdigest()[:8]
    return f"{name.strip('.')}-{digest}"


def relative(path: Path, root: Path) -> str:
    """Return `path` as seen from the project root; absolute, if it lies outside."""
    path, root = path.absolute(), root.absolute()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else address(path)
