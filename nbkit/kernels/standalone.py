"""An attempt for a notebook that `papermill --engine nbkit` runs, without a job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbkit import settings
from nbkit.kernels.attempt import Attempt, Silence, StopRequest
from nbkit.kernels.output import OutputNotebook
from nbkit.kernels.pool import Pool

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from nbkit import wire

_NEVER = 1e9


def standalone_attempt(
    notebook: NotebookNode, output_path: str | None, options: dict[str, Any]
) -> Attempt:
    """Return an attempt that follows papermill's options, with a kernel of its own."""
    run = settings.RunSettings()
    return Attempt(
        context=_context(notebook, options),
        cell_timeout_seconds=options.get("execution_timeout") or options.get("timeout") or 0,
        grace_seconds=run.grace_seconds,
        listener=Silence(),
        stop=StopRequest(),
        pool=Pool(settings.KernelSettings(spare=0), fork=False),
        output=_output(output_path, options.get("autosave_cell_every", run.save_seconds)),
        alone=True,
        started_within_seconds=options.get("start_timeout", 60),
    )


def _output(path: str | None, every_seconds: float) -> OutputNotebook | None:
    if path is None:
        return None
    local = "://" not in path and path != "-"
    return OutputNotebook(Path(path).absolute() if local else path, every_seconds or _NEVER)


def _context(notebook: NotebookNode, options: dict[str, Any]) -> wire.Context:
    folder = Path(options.get("resources", {}).get("metadata", {}).get("path") or Path.cwd())
    path = str(options.get("input_path", ""))
    parameters = notebook.metadata.papermill.get("parameters", {})
    return {
        "project": str(settings.find_root(folder)),
        "directory": str(folder.absolute()),
        "notebook_path": path,
        "job_id": 0,
        "job_name": "",
        "run_id": 0,
        "task_key": Path(path).stem,
        "task_run_id": 0,
        "attempt": 0,
        "parameters": {
            name: value if isinstance(value, str) else json.dumps(value, default=str)
            for name, value in parameters.items()
        },
        "task_values": {},
        "spark_conf": {},
        "env": {},
    }
