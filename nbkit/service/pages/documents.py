"""What the page of a job is made of: the job, its latest run, its runs as a matrix."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from nbkit.api.deployed import deployed_job
from nbkit.api.watching import Wanted
from nbkit.app.code_files import code_files, notebook_places
from nbkit.app.deployed import definition_of as definition_of_deployed
from nbkit.app.loading import load
from nbkit.errors import DefinitionError, JobNotFoundError, NbkitError
from nbkit.report.rows import kept_row, matrix_of
from nbkit.service.pages.shown import not_run
from nbkit.service.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.app.definition import Definition
    from nbkit.ledger.deployed import DeployedJob
    from nbkit.service.project import Project

_IN_MATRIX = 100


def job_document(project: Project, job_id: int, run_id: int = 0) -> dict[str, Any]:
    """Return what a page has of a job, besides a run of it.

    Args:
        project: that is served.
        job_id: which job.
        run_id: the run that is shown; 0 for the latest.

    Raises:
        Refusal: there is no such job, and no run of it either.
    """
    run_id = run_id or latest(project, job_id)["run_id"]
    try:
        job: DeployedJob | None = deployed_job(job_id, settings=project.settings)
    except JobNotFoundError:
        job = None
    settings = job.settings if job else _of_file(project, job_id)
    if settings is None and run_id:
        settings = definition_of(project, run_id)
    if settings is None:
        raise Refusal("RESOURCE_DOES_NOT_EXIST", f"Job {job_id} does not exist.")
    parameters = [[each["name"], each.get("default", "")] for each in _parameters(settings)]
    name = job.name if job else str(settings.get("name", "Untitled"))
    return {
        "job": {
            "id": job_id,
            "name": name,
            "parameters": parameters,
            "report": "runs/RUN/report.html",
            "notebooks": _notebooks(project, job_id),
        },
        "run_id": run_id,
        **({} if run_id else not_run(settings)),
    }


def history(project: Project, job_id: int) -> dict[str, Any]:
    """Return the latest runs of a job as a matrix."""
    rows = []
    for run_id in project.watch.runs(Wanted(job_id=job_id, most=_IN_MATRIX)):
        record = project.watch.record(run_id)
        folder = project.settings.runs_directory / str(run_id)
        row = kept_row(record, folder, partial(project.watch.record, run_id))
        rows.append({**row, "report": f"runs/{run_id}"})
    return matrix_of(rows)


def definition_of(project: Project, run_id: int) -> dict[str, Any]:
    """Return the settings that a run was begun with."""
    text = project.watch.ledger().definition(run_id).graph
    found: dict[str, Any] = json.loads(text)
    return found


def code_of(project: Project, job_id: int) -> list[str]:
    """Return the files whose code a job runs, and its own file, as JupyterLab names them."""
    made = _definition(project, job_id)
    return sorted(filter(None, map(project.lab_path, code_files(made))))


def latest(project: Project, job_id: int) -> dict[str, int]:
    """Return the latest run of a job; 0 for none."""
    found = project.watch.runs(Wanted(job_id=job_id, most=1))
    return {"run_id": found[0] if found else 0}


def _definition(project: Project, job_id: int) -> Definition:
    """Return a job as it would run now.

    Raises:
        NbkitError: it could not.
        Refusal: there is no such job.
    """
    try:
        job = deployed_job(job_id, settings=project.settings)
    except JobNotFoundError:
        found = project.job_files.find(job_id)
        return load(found.address) if found else _of_latest(project, job_id)
    return definition_of_deployed(job, project.settings.root)


def _notebooks(project: Project, job_id: int) -> dict[str, str]:
    """Return where a job's notebooks are, as far as it could run now."""
    try:
        return notebook_places(_definition(project, job_id), project.settings.root)
    except NbkitError:
        return {}


def _of_latest(project: Project, job_id: int) -> Definition:
    run_id = latest(project, job_id)["run_id"]
    if not run_id:
        raise Refusal("RESOURCE_DOES_NOT_EXIST", f"Job {job_id} does not exist.")
    return load(project.watch.ledger().definition(run_id).source)


def _of_file(project: Project, job_id: int) -> dict[str, Any] | None:
    """Return the settings in a file of this job, as it is now; None if it is wrong, or gone."""
    found = project.job_files.find(job_id)
    try:
        return load(found.address).parsed.document if found else None
    except NbkitError:
        return None


def _parameters(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = settings.get("parameters")
    return found if isinstance(found, list) else []


def problem_of(error: NbkitError) -> str:
    """Return what went wrong as a page says it."""
    if isinstance(error, DefinitionError):
        return "\n".join(map(str, error.problems))
    return str(error)
