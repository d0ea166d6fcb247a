"""`dbt_task`: commands of an installed dbt, one cell each."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nbkit.on_disk import is_file, shown
from nbkit.tasks.in_kernel import Program, notebook_of
from nbkit.tasks.work import TaskFailedError

if TYPE_CHECKING:
    from nbkit.tasks.work import Work


def dbt_program(work: Work, directory: Path) -> Program:
    """Return the commands as shell cells; the first that fails ends the notebook.

    Raises:
        TaskFailedError: dbt is not installed, or there is no such project.
    """
    block = work.block
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    if shutil.which("dbt", path=path) is None:
        message = (
            "dbt is not installed here: pip install dbt-core, and an adapter such as dbt-spark."
        )
        raise TaskFailedError("unsupported", message)
    folder = (directory / block.get("project_directory", "")).resolve()
    if not is_file(folder / "dbt_project.yml"):
        message = f"{shown(folder)} is no dbt project: it has no dbt_project.yml."
        raise TaskFailedError("notebook_unreadable", message)
    env = {"PATH": path}
    if "profiles_directory" in block:
        env["DBT_PROFILES_DIR"] = str((folder / block["profiles_directory"]).resolve())
    cells = (f"%sh -e\n{command}" for command in block["commands"])
    return Program(notebook_of("dbt", *cells), folder, "dbt", env)
