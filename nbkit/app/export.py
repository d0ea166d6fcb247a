"""A job on disk, written for Databricks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from nbkit.app.loading import load
from nbkit.graph.export import as_bundle, as_json, as_settings, as_yaml
from nbkit.graph.kinds.notebook import NOTEBOOK
from nbkit.tasks.places import find_notebook

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbkit.graph.model import Job


def exported(
    job: str | Path,
    form: Literal["yaml", "json"],
    *,
    target: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> str:
    """Return the text of a job as a bundle in YAML, or as settings of the Jobs API in JSON.

    Raises:
        NbkitError: the job is invalid.
    """
    definition = load(job, target=target, variables=variables, undeclared="warning")
    made = definition.parsed.job
    if form == "json":
        return as_json(as_settings(made))
    key = definition.job_key or made.name
    return as_yaml(as_bundle(made, key, _with_suffixes(made, definition.path.parent)))


def _with_suffixes(job: Job, directory: Path) -> dict[str, str]:
    """Return the notebooks that a job names without their suffix, with it."""
    suffixes: dict[str, str] = {}
    for task in job.tasks:
        notebook = NOTEBOOK.of(task.inner)
        if notebook is not None and notebook.source != "GIT":
            named = notebook.notebook_path
            found = find_notebook(directory, named)
            if found is not None and not named.endswith(found.suffix):
                suffixes[named] = f"{named}{found.suffix}"
    return suffixes
