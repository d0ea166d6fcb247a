"""Where the files that tasks name are: beside the job's file, or in the checkout that it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nbkit.on_disk import is_there
from nbkit.tasks.places import find_notebook

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbkit.graph.model import Job

_FIELDS = {
    "notebook_task": ("notebook_path",),
    "spark_python_task": ("python_file",),
    "sql_task": ("file", "path"),
    "dbt_task": ("project_directory",),
}


class Named(NamedTuple):
    """A file, or for dbt a folder, that a task names.

    Attributes:
        field: where the task names it.
        path: what it says.
        from_git: whether Databricks would take it from the job's `git_source`: it does so where
            the task says `GIT`, or says nothing and the job has one.
    """

    field: str
    path: str
    from_git: bool


def named_file(kind: str, block: Mapping[str, Any], job: Job) -> Named | None:
    """Return the file that a task names; None if tasks of its type, or this one, name none.

    Args:
        kind: the task's type.
        block: its settings.
        job: which it is part of.
    """
    *way, last = _FIELDS.get(kind, ("",))
    holder: Any = block
    for step in way:
        holder = holder.get(step) or {}
    if last not in holder:
        return None
    source = holder.get("source")
    from_git = source == "GIT" or (source is None and job.git_source is not None)
    return Named(".".join((kind, *way, last)), str(holder[last]), from_git)


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
