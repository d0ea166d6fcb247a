"""The job files of a project, for those who look again and again: what has not changed is kept."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from nbkit import on_disk
from nbkit.app.definition import read
from nbkit.app.located import SUFFIXES, jobs_in
from nbkit.errors import DefinitionError, NbkitError
from nbkit.settings import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.settings import Settings

_AGAIN_SECONDS = 3
_MOST_LOOKED_AT = 5_000
_OF_PROJECTS = (FILE_NAME, "pyproject.toml")
_OF_OTHERS = frozenset({"node_modules", "__pycache__", "site-packages"})
_MARKS = ("task_key", "include")
"""A job has the one, the main file of a bundle perhaps only the other."""


@dataclass(frozen=True, slots=True)
class JobFile:
    """A job as its file says it.

    Attributes:
        job_id: under which it runs, and is deployed.
        name: of the job; of one that cannot be read the file's.
        path: the file, from the project's folder.
        address: what `load` finds it by.
        problem: what is wrong with it, in a line; empty if nothing is.
    """

    job_id: int
    name: str
    path: str
    address: str
    problem: str = ""


@dataclass(slots=True)
class JobFiles:
    """The job files below a project's folder that are of this project; safe to use from threads.

    Those that begin with a dot, of environments, of runs and of other projects are left out.

    Args:
        settings: of the project.
    """

    settings: Settings
    _known: dict[Path, tuple[tuple[int, int], tuple[JobFile, ...]]] = field(default_factory=dict)
    _found: tuple[JobFile, ...] = ()
    _at: float = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def all(self) -> tuple[JobFile, ...]:
        """Return the jobs, by path; as they were up to three seconds ago."""
        with self._lock:
            if not self._at or time.monotonic() - self._at > _AGAIN_SECONDS:
                self._found = tuple(each for file in self._candidates() for each in self._of(file))
                self._at = time.monotonic()
            return self._found

    def find(self, job_id: int) -> JobFile | None:
        """Return the job of an id; None if no file has it."""
        return next((each for each in self.all() if each.job_id == job_id), None)

    def _candidates(self) -> Iterator[Path]:
        root = self.settings.root
        named = next((name for name in _OF_PROJECTS if on_disk.is_file(root / name)), "")
        others = _OF_PROJECTS[: _OF_PROJECTS.index(named) + 1] if named else ()
        found = self._walk(root, others) if named else iter(on_disk.names_in(root))
        of_jobs = (file for file in found if file.suffix.lower() in SUFFIXES)
        return islice(of_jobs, _MOST_LOOKED_AT)

    def _walk(self, root: Path, others: tuple[str, ...]) -> Iterator[Path]:
        runs = self.settings.runs_directory
        for name, folders, files in os.walk(root):
            here = Path(name)
            folders[:] = sorted(
                each
                for each in folders
                if not (each.startswith(".") or each in _OF_OTHERS or here / each == runs)
                and not any(on_disk.is_file(here / each / mark) for mark in ("pyvenv.cfg", *others))
            )
            yield from (here / each for each in sorted(files))

    def _of(self, file: Path) -> tuple[JobFile, ...]:
        try:
            about = file.stat()
        except OSError:
            return ()
        stamp = (about.st_mtime_ns, about.st_size)
        known = self._known.get(file)
        if known and known[0] == stamp:
            return known[1]
        try:
            text = on_disk.read_text(file)
            addresses = jobs_in(file) if any(mark in text for mark in _MARKS) else []
        except NbkitError:
            addresses, text = [], ""  # whatever it is, it is no job that a person could read
        found = tuple(self._read(file, addresses, is_job=_MARKS[0] in text))
        alone = addresses in ([], [file.name]) and _MARKS[1] not in text
        if alone and not any(each.problem for each in found):
            self._known[file] = (stamp, found)  # others depend on more than their own file
        return found

    def _read(self, file: Path, addresses: list[str], *, is_job: bool) -> Iterator[JobFile]:
        path = file.relative_to(self.settings.root).as_posix()
        for name in addresses:
            address = str(file.parent / name)
            try:
                made = read(address)
            except NbkitError as error:
                if is_job or len(addresses) > 1:  # else it is something else
                    yield JobFile(0, name, path, address, _first_problem(error))
            else:
                number = made.job_id(self.settings.root)
                yield JobFile(number, made.graph.job.name, path, address)


def _first_problem(error: NbkitError) -> str:
    if isinstance(error, DefinitionError):
        return str(next(each for each in error.problems if each.severity == "error"))
    return str(error).partition("\n")[0]
