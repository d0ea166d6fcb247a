"""The files that a job's tasks name: all that are there, and what is wrong with the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbkit.errors import Problem
from nbkit.kernels.kernelspecs import find_kernelspec_problem
from nbkit.on_disk import PathError
from nbkit.tasks.other_cells import cells_in_other_languages
from nbkit.tasks.places import find_file, find_notebook, missing_file, missing_notebook
from nbkit.tasks.sources import folder_of, named_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbkit.errors import Severity
    from nbkit.graph.load import Inspected
    from nbkit.graph.model import Job, Task
    from nbkit.tasks.sources import Named


@dataclass(slots=True)
class Files:
    """What was found.

    Attributes:
        notebooks: by path, with what keeps a notebook from running.
        scripts: files of Python and SQL tasks.
        problems: what is wrong, where the job says it.
    """

    notebooks: dict[Path, str | None] = field(default_factory=dict)
    scripts: dict[Path, None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def look_up(found: Inspected, directory: Path) -> Files:
    """Look for the files of a job, even of a faulty one.

    Args:
        found: the job; where it is wrong by itself, its files are not looked for.
        directory: folder of the job's file.
    """
    files = Files()
    broken = [each.pointer for each in found.problems if each.severity == "error" and each.pointer]
    for pointer, task in tasks(found.job) if found.job else ():
        assert found.job is not None
        named = named_file(task.kind, _block(task), found.job)
        if named is None or "{{" in named.path or "${" in named.path:
            continue
        if named.what not in {"notebook", "python", "text"}:
            continue
        place = f"{pointer}.{named.field}"
        if any(map(place.startswith, broken)):
            continue
        folder = folder_of(named, directory)
        try:
            problem = _look(files, folder, named)
        except PathError as error:
            problem = str(error)
        if problem:
            severity: Severity = "warning" if named.from_git else "error"
            files.problems.append(Problem(place, problem, severity))
        elif named.what == "notebook":
            files.problems += _other_cells(place, named.path, folder)
            if found.job_key is not None and not named.from_git:
                files.problems += _suffixes(place, named.path, folder)
    return files


def _block(task: Task) -> dict[str, Any]:
    """Return the settings of a task's type; of a faulty task that has none, nothing."""
    return task.block.model_dump(mode="json", exclude_unset=True) if task.kind else {}


def _other_cells(place: str, named: str, directory: Path) -> Iterator[Problem]:
    """Yield a warning for the cells of a notebook that nbkit does not run."""
    path = find_notebook(directory, named)
    for said in cells_in_other_languages(path) if path else ():
        message = (
            f"{said}, which nbkit does not run: the task fails there, or leaves it out with "
            "--skip-unsupported"
        )
        yield Problem(place, message, "warning")


def _suffixes(place: str, named: str, directory: Path) -> Iterator[Problem]:
    """Yield a warning for a notebook that a bundle could not be deployed with."""
    path = find_notebook(directory, named)
    if path is not None and not named.endswith(path.suffix):
        message = f"bundles name notebooks with their suffix: {named}{path.suffix}"
        yield Problem(place, message, "warning")


def tasks(job: Job) -> Iterator[tuple[str, Task]]:
    """Yield what a job really runs, with its place: of a For each task, the task inside."""
    for place, task in enumerate(job.tasks):
        inside = f".{task.kind}.task" if task.inner is not task else ""
        yield f"tasks[{place}]{inside}", task.inner


def _look(files: Files, directory: Path, named: Named) -> str | None:
    if named.what != "notebook":
        path = find_file(directory, named.path)
        if path is None:
            return missing_file(directory, named.path)
        files.scripts[path] = None
        return None
    path = find_notebook(directory, named.path)
    if path is None:
        return missing_notebook(directory, named.path)
    if path not in files.notebooks:
        files.notebooks[path] = find_kernelspec_problem(path)
    return files.notebooks[path]
