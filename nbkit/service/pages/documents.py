"""What the pages are made of: jobs with their next and last runs, a job with its latest run."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from nbkit.api.deployed import deployed_job, deployed_jobs
from nbkit.api.watching import Wanted
from nbkit.app.planned import times
from nbkit.errors import DefinitionError, JobNotFoundError, NbkitError
from nbkit.graph.load import parse_job
from nbkit.graph.pausing import starts_by_itself
from nbkit.report.rows import kept_row, matrix_of
from nbkit.report.view import run_view
from nbkit.service.pages.shown import is_live, not_run
from nbkit.service.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.ledger.deployed import DeployedJob
    from nbkit.service.project import Project

_LATEST = 20
_IN_MATRIX = 100
_LINES_KEPT = 1000
_WORDS = {
    "file_arrival": "on new files",
    "table_update": "on table updates",
    "job_completion": "after other jobs",
    "model": "on model changes",
}


def listing(project: Project) -> dict[str, Any]:
    """Return the deployed jobs, and the latest runs of all."""
    jobs = deployed_jobs(settings=project.settings)
    latest = project.watch.runs(Wanted(most=_LATEST))
    return {
        "jobs": [_line(project, job) for job in sorted(jobs, key=lambda job: job.name)],
        "runs": [_run_line(project, run_id) for run_id in latest],
    }


def job_document(project: Project, job_id: int, run_id: int = 0) -> dict[str, Any]:
    """Return what a page has of a job, besides a run of it.

    Args:
        project: that is served.
        job_id: which job.
        run_id: the run that is shown; 0 for the latest.

    Raises:
        Refusal: there is no such job, and no run of it either.
    """
    if not run_id:
        found = project.watch.runs(Wanted(job_id=job_id, most=1))
        run_id = found[0] if found else 0
    try:
        job: DeployedJob | None = deployed_job(job_id, settings=project.settings)
    except JobNotFoundError:
        job = None
    if job is None and not run_id:
        raise Refusal("RESOURCE_DOES_NOT_EXIST", f"Job {job_id} does not exist.")
    settings = job.settings if job else definition_of(project, run_id)
    parameters = [[each["name"], each.get("default", "")] for each in _parameters(settings)]
    name = job.name if job else str(settings.get("name", "Untitled"))
    return {
        "job": {
            "id": job_id,
            "name": name,
            "parameters": parameters,
            "report": "runs/RUN/report.html",
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


def _parameters(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = settings.get("parameters")
    return found if isinstance(found, list) else []


def _line(project: Project, job: DeployedJob) -> dict[str, Any]:
    found = project.watch.runs(Wanted(job_id=job.job_id, most=1))
    return {
        "id": job.job_id,
        "name": job.name,
        "target": job.target,
        "automatic": starts_by_itself(job.settings),
        "paused": job.paused,
        **_next(job),
        "last": _run_line(project, found[0]) if found else None,
    }


def _next(job: DeployedJob) -> dict[str, Any]:
    """Return when a job is to start, or in words what starts it."""
    if job.paused or not starts_by_itself(job.settings):
        return {"next": 0, "starts": ""}
    if job.settings.get("continuous"):
        return {"next": 0, "starts": "continuously"}
    try:
        model = parse_job(json.dumps(job.settings)).job
    except DefinitionError:
        return {"next": 0, "starts": "its settings are wrong"}
    moment = next(islice(times(model, datetime.now(UTC)), 1), None)
    triggers = [job.settings.get("trigger") or {}, *(job.settings.get("triggers") or [])]
    words = [word for name, word in _WORDS.items() if any(name in each for each in triggers)]
    return {
        "next": int(moment.timestamp() * 1000) if moment else 0,
        "starts": ", ".join(words),
    }


def _run_line(project: Project, run_id: int) -> dict[str, Any]:
    """Return a run in a line; it is made anew only once the run is not as it was."""
    record = project.watch.record(run_id)
    known = project.lines.get(run_id)
    if known is None or known[0] is not record:
        if len(project.lines) > _LINES_KEPT:
            project.lines.clear()
        known = project.lines[run_id] = (record, _line_of(run_id, record))
    return known[1]


def _line_of(run_id: int, record: Mapping[str, Any]) -> dict[str, Any]:
    view = run_view(dict(record))
    look = view.look
    return {
        "id": run_id,
        "job_id": record["job_id"],
        "name": record["run_name"],
        "look": {"glyph": look.glyph, "word": look.word, "tone": look.tone},
        "started": view.started,
        "ended": view.ended,
        "took": view.worked,
        "live": is_live(record),
    }


def problem_of(error: NbkitError) -> str:
    """Return what went wrong as a page says it."""
    if isinstance(error, DefinitionError):
        return "\n".join(map(str, error.problems))
    return str(error)
