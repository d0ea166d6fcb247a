"""The files that a run of a job would read: what must be saved before it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.app.asked_parameters import with_inline
from nbkit.app.files import tasks
from nbkit.kernels.outcome import NotebookFailed
from nbkit.tasks.places import find_notebook

if TYPE_CHECKING:
    from pathlib import Path

    from nbkit.app.definition import Definition


def code_files(definition: Definition) -> tuple[Path, ...]:
    """Return the job's own file, its notebooks, what they run inline (`%run`), and its scripts."""
    inline = (each for notebook in definition.notebooks for each in _inline(notebook))
    places = {place.resolve() for place in (definition.path, *definition.code, *inline)}
    return tuple(sorted(places))


def notebook_places(definition: Definition, root: Path) -> dict[str, str]:
    """Return where the notebooks of a job are, from `root`, by what its tasks call them."""
    places = {}
    for _, task in tasks(definition.graph.job):
        named = getattr(task.block, "notebook_path", "")
        found = find_notebook(definition.path.parent, named) if named else None
        if found is not None and found.is_relative_to(root):
            places[named] = found.relative_to(root).as_posix()
    return places


def _inline(notebook: Path) -> list[Path]:
    try:
        return with_inline(notebook)
    except NotebookFailed:
        return []  # its task will say so
