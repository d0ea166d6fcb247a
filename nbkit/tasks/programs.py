"""What a kernel runs for an attempt, made from what its task type says."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from nbkit.graph.kinds import KINDS
from nbkit.graph.kinds.kind import Material, NotHereError
from nbkit.tasks.finding import find
from nbkit.tasks.sources import folder_of, named_file
from nbkit.tasks.work import TaskFailedError

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from nbkit.graph.kinds.kind import Command, Found, TaskKind
    from nbkit.tasks.work import Work


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a kernel runs for an attempt.

    Attributes:
        notebook: its file; or the notebook itself, made for a task of another type.
        directory: where it works.
        name: how the job names it.
        env: environment variables, besides those of the job.
    """

    notebook: Path | NotebookNode
    directory: Path
    name: str
    env: dict[str, str] = field(default_factory=dict)


def prepared(work: Work, directory: Path) -> Prepared:
    """Return what a kernel runs for an attempt.

    Args:
        work: the attempt.
        directory: folder of the job's file, which its paths are relative to.

    Raises:
        TaskFailedError: what the task names is not there, or not on this machine.
    """
    kind = KINDS[work.task.kind]
    env = _installed(kind.needs) if kind.needs else {}
    named = named_file(kind.name, work.block, work.job)
    start = folder_of(named, directory)
    said = None if named is None else named.path
    found = find(kind.file, said, start) if kind.file else None
    folder = _folder(kind, found) or start
    if kind.program is None:
        assert found is not None, "a type without a program runs its notebook"
        return Prepared(Path(found.path), folder, said or "", env)
    try:
        program = kind.program(Material(work.block, work.command.parameters, found))
    except NotHereError as error:
        raise TaskFailedError("unsupported", str(error)) from None
    name = (said or "") if program.name is None else program.name
    made = notebook_of(program.title, *program.cells)
    return Prepared(made, folder, name, {**env, **program.env})


def notebook_of(title: str, *cells: str) -> NotebookNode:
    """Return a notebook with a line of Markdown and these cells of code."""
    made = [new_code_cell(cell) for cell in cells]
    return new_notebook(cells=[new_markdown_cell(title), *made])


def _folder(kind: TaskKind[Any], found: Found | None) -> Path | None:
    if found is None or kind.file is None:
        return None
    path = Path(found.path)
    return path if kind.file.what == "folder" else path.parent


def _installed(command: Command) -> dict[str, str]:
    """Return a PATH on which a program of this environment is found.

    Raises:
        TaskFailedError: it is not installed.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    if shutil.which(command.name, path=path) is None:
        message = f"{command.name} is not installed here: {command.advice}."
        raise TaskFailedError("unsupported", message)
    return {"PATH": path}
