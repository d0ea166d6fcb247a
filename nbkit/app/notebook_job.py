"""A job made on the fly around one notebook: `nbkit run NOTEBOOK`, `dbutils.notebook.run`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from nbkit.on_disk import PathError, address, cause
from nbkit.readable import readable
from nbkit.source_notebook import is_source_notebook

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_UNFIT = re.compile(r"[^\w-]", re.ASCII)
_LONGEST_KEY = 100
_SIDE_BY_SIDE = 1000


def is_notebook(path: Path) -> bool:
    """Say whether a file is a notebook, and not the definition of a job.

    Raises:
        PathError: it cannot be read.
    """
    if path.suffix.lower() in {".json", ".yml", ".yaml"}:
        return False
    if path.suffix.lower() == ".ipynb":
        return True
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return is_source_notebook(file.readline(), path.suffix)
    except OSError as error:
        raise PathError(cause(error, path)) from None


def job_around(
    notebook: Path,
    timeout_seconds: int = 0,
    spark_conf: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Return a job of one task as JSON text.

    Any number of its runs may go on at once, as notebooks call each other from threads.

    Args:
        notebook: beside which the job is thought to be.
        timeout_seconds: longest it may take; 0 for no limit.
        spark_conf: of the notebook that calls it: on Databricks both are on one cluster.
        env: of that notebook.
    """
    key = _UNFIT.sub("_", notebook.stem)[:_LONGEST_KEY] or "notebook"
    limit = {"timeout_seconds": timeout_seconds} if timeout_seconds else {}
    task: dict[str, Any] = {
        "task_key": key,
        "notebook_task": {"notebook_path": _named(notebook)},
    }
    if spark_conf or env:
        task["new_cluster"] = {
            "spark_conf": {**(spark_conf or {})},
            "spark_env_vars": {**(env or {})},
        }
    job = {
        "name": readable(notebook.stem),
        "max_concurrent_runs": _SIDE_BY_SIDE,
        **limit,
        "tasks": [task],
    }
    return json.dumps(job, ensure_ascii=False)


def _named(notebook: Path) -> str:
    """Return how the job names its notebook; a name that is no Unicode needs an address."""
    whole = readable(notebook.name) == notebook.name
    return notebook.name if whole else address(notebook.absolute())
