"""Where the files that tasks name are: beside the job's file, or in the checkout that it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nbkit.graph.kinds import KINDS
from nbkit.on_disk import is_there
from nbkit.tasks.places import find_notebook

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbkit.graph.model import Job


class Named(NamedTuple):
    """A file, or for dbt a folder, that a task names.

    Attributes:
        field: where the task names it.
        path: what it says.
        from_git: whether Databricks would take it from the job's `git_source`: it does so where
            the task says `GIT`, or says nothing and the job has one.
        what: how it is found; see `nbkit.graph.kinds.kind.FileField`.
    """

    field: str
    path: str
    from_git: bool
    what: str = "notebook"


def named_file(kind: str, block: Mapping[str, Any], job: Job) -> Named | None:
    """Return the file that a task names; None if tasks of its type, or this one, name none.

    Args:
        kind: the task's type.
        block: its settings.
        job: which it is part of.
    """
    file = KINDS[kind].file if kind in KINDS else None
    if file is None:
        return None
    *way, last = file.way
    holder: Any = block
    for step in way:
        holder = holder.get(step) or {}
    if last not in holder:
        return None
    source = holder.get("source")
    from_git = source == "GIT" or (source is None and job.git_source is not None)
    place = ".".join((kind, *file.way))
    return Named(place, str(holder[last]), from_git and file.from_git, file.what)


def folder_of(named: Named | None, directory: Path) -> Path:
    """Return the folder that a task's path starts at.

    It is that of the job's file; for what comes from Git the root of the checkout around it,
    if the path leads to something there.
    """
    if named is None or not named.from_git:
        return directory
    around = (directory, *directory.parents)
    root = next((folder for folder in around if is_there(folder / ".git")), None)
    if root is None:
        return directory
    there = is_there(root / named.path) or find_notebook(root, named.path) is not None
    return root if there else directory
