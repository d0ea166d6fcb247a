"""Runs: submit, get, list, output, export, cancel, repair, delete."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbkit import api
from nbkit.api.watching import Wanted
from nbkit.errors import RunNotFoundError
from nbkit.on_disk import place
from nbkit.service import shapes
from nbkit.service.parameters import job_parameters, refuse_older
from nbkit.service.refusals import Refusal, invalid, no_run
from nbkit.service.rights import refuse_rights_of_others
from nbkit.service.routes import route
from nbkit.service.submitted import job_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.service.project import Project
    from nbkit.service.request import ApiRequest

_MOST_LISTED = 25
_AT_ONCE_CANCELLED = 10_000
_LONGEST_LOG = 5 * 1024 * 1024


@route("POST", "jobs/runs/submit", None)
def submit(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Begin a run of a job that is in the request."""
    refuse_rights_of_others(request.values.get("access_control_list"), project.user)
    settings = job_of(request.values)
    token = request.text("idempotency_token", "")
    run_id = api.submit(
        settings,
        idempotency_token=token,
        pages=shapes.pages_of(request.url),
        settings=project.settings,
    )
    return {"run_id": run_id}


@route("GET", "jobs/runs/get", "run_id include_history include_resolved_values page_token")
def get(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return a run, or a task run."""
    run_id = request.number("run_id")
    return shapes.get_run(
        record_of(project, run_id),
        run_id,
        request.url,
        version=request.version,
        page_token=request.text("page_token", ""),
        history=request.flag("include_history"),
        resolved=request.flag("include_resolved_values"),
    )


@route(
    "GET",
    "jobs/runs/list",
    "active_only completed_only expand_tasks job_id limit offset page_token run_type "
    "start_time_from start_time_to",
)
def listed(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return runs, the newest first."""
    limit = request.number("limit", 20) or _MOST_LISTED
    if not 0 < limit <= _MOST_LISTED:
        raise invalid(f"limit must be from 1 to {_MOST_LISTED}, not {limit}.")
    active, completed = request.flag("active_only"), request.flag("completed_only")
    if active and completed:
        raise invalid("Only one of active_only and completed_only can be true.")
    token = request.text("page_token", "")
    wanted = Wanted(
        job_id=request.number("job_id") if request.has("job_id") else None,
        active=True if active else False if completed else None,
        from_time=request.number("start_time_from", 0),
        to_time=request.number("start_time_to", 0),
        before=shapes.place_of(token) if token else 0,
        skip=max(0, request.number("offset", 0)),
        most=limit + 1,
    )
    kind = request.text("run_type", "")
    found = project.watch.runs(wanted)
    records = [project.watch.record(run_id) for run_id in found[:limit]]
    more = shapes.token_of(found[limit - 1]) if len(found) > limit else ""
    answer = shapes.listed(
        records,
        request.url,
        version=request.version,
        expand=request.flag("expand_tasks"),
        next_token=more,
    )
    if kind and "runs" in answer:
        answer["runs"] = [run for run in answer["runs"] if run["run_type"] == kind]
    return answer


@route("GET", "jobs/runs/get-output", "run_id")
def get_output(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return what a task run gave."""
    run_id = request.number("run_id")
    record = record_of(project, run_id)
    _, unit = shapes.only_unit(record, run_id)
    logs = _printed(project, unit)
    return shapes.run_output(record, run_id, request.url, logs)


@route("GET", "jobs/runs/export", "run_id views_to_export")
def export(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return the output notebook of a task run as a page."""
    run_id = request.number("run_id")
    record = record_of(project, run_id)
    views = request.text("views_to_export", "CODE")
    if views not in ("CODE", "DASHBOARDS", "ALL"):
        raise invalid(f"views_to_export must be CODE, DASHBOARDS or ALL, not {views}.")
    task, unit = shapes.only_unit(record, run_id)
    if views == "DASHBOARDS":
        return {"views": []}
    key = task["task_key"]
    named = key if unit is task or "iteration" not in unit else f"{key}[{unit['iteration']}]"
    page = api.review(record["run_id"], task=named, settings=project.settings)
    content = page.read_text(encoding="utf-8")
    return {"views": [{"content": content, "name": key, "type": "NOTEBOOK"}]}


@route("POST", "jobs/runs/cancel", "run_id")
def cancel(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Ask for the end of a run; of a task run, for that of the run that it is part of."""
    run_id = request.number("run_id")
    record = record_of(project, run_id)
    if run_id != record["run_id"]:
        shapes.unit_of(record, run_id)
    api.cancel(record["run_id"], settings=project.settings)
    return {}


@route("POST", "jobs/runs/cancel-all", "job_id all_queued_runs")
def cancel_all(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Ask for the end of all runs of a job, or of all that wait for their turn."""
    queued = request.flag("all_queued_runs")
    if not queued and not request.has("job_id"):
        raise invalid("Missing required field: job_id.")
    job_id = request.number("job_id") if request.has("job_id") else None
    wanted = Wanted(job_id=job_id, active=True, most=_AT_ONCE_CANCELLED)
    for run_id in project.watch.runs(wanted):
        life = project.watch.record(run_id)["state"]["life_cycle_state"]
        if not queued or life == "QUEUED":
            api.cancel(run_id, settings=project.settings)
    return {}


@route("POST", "jobs/runs/delete", "run_id")
def delete(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Remove a run that is over."""
    run_id = request.number("run_id")
    if not api.remove(run_id, settings=project.settings):
        raise Refusal("INVALID_STATE", f"Run {run_id} is still going: cancel it first.")
    project.watch.forget(run_id)
    return {}


@route(
    "POST",
    "jobs/runs/repair",
    "dbt_commands jar_params job_parameters latest_repair_id notebook_params performance_target "
    "pipeline_params python_named_params python_params rerun_all_failed_tasks "
    "rerun_dependent_tasks rerun_tasks run_id spark_submit_params sql_params",
)
def repair(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Take a run up again."""
    run_id = request.number("run_id")
    record = record_of(project, run_id)
    if run_id != record["run_id"]:
        raise no_run(run_id)
    tasks = request.texts("rerun_tasks")
    if tasks and request.flag("rerun_all_failed_tasks"):
        raise invalid("Only one of rerun_tasks and rerun_all_failed_tasks can be used.")
    latest = record["repair_history"][-1].get("id") if record["repair_history"] else None
    if request.has("latest_repair_id") and request.number("latest_repair_id") != latest:
        said = f"The latest repair of run {run_id} is {latest}" if latest else "There is no repair"
        raise invalid(f"{said}: latest_repair_id must name the latest repair of the run.")
    if not tasks and not request.flag("rerun_all_failed_tasks"):
        raise invalid("Name the tasks in rerun_tasks, or set rerun_all_failed_tasks.")
    refuse_older(request)
    api.start_repair(
        run_id,
        tasks=tasks,
        rerun_dependents=request.flag("rerun_dependent_tasks"),
        parameters=job_parameters(request),
        settings=project.settings,
    )
    history = project.watch.record(run_id)["repair_history"]
    return {"repair_id": history[-1].get("id", run_id * 1000 + len(history))}


def record_of(project: Project, run_id: int) -> dict[str, Any]:
    """Return the record of the run that an id belongs to.

    Raises:
        Refusal: there is no such run.
    """
    try:
        return project.watch.record(shapes.run_of(run_id))
    except RunNotFoundError:
        raise no_run(run_id) from None


def _printed(project: Project, unit: Mapping[str, Any]) -> str:
    """Return what a task printed, as its output notebook has it; the last of it if it is long."""
    named = unit.get("output_notebook")
    if not named:
        return ""
    try:
        notebook = json.loads((project.settings.root / place(named)).read_text("utf-8"))
    except (OSError, ValueError):
        return ""
    texts: list[str] = []
    for cell in notebook.get("cells", []):
        for output in cell.get("outputs", []):
            if output.get("output_type") == "stream":
                text = output.get("text", "")
                texts.append(text if isinstance(text, str) else "".join(text))
    return "".join(texts)[-_LONGEST_LOG:]
