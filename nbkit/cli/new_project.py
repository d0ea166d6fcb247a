"""The command that begins a project."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer


def init(
    directory: Annotated[Path, typer.Argument(help="Folder of the project; made if need be.")],
) -> None:
    """Write a small project that runs as it stands: notebooks, a job, a test."""
    from nbkit.app.new_project import write_project

    written = write_project(directory)
    lines = [f"wrote to {directory}:", *(f"  {path}" for path in written), "next:"]
    if directory.resolve() != Path.cwd():
        lines.append(f"  cd {directory}")
    test = "  pytest" if find_spec("pytest") else "  pip install pytest && pytest"
    lines += ["  nbkit run job.json", "  nbkit review", test, "  jupyter lab"]
    typer.echo("\n".join(lines), err=True)
