"""Jobs: create, get, list, update, reset, delete, run now."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from nbkit.api.deployed import change_job, create_job, deployed_job, deployed_jobs, run_deployed
from nbkit.api.deployed import undeploy as remove_job
from nbkit.app.trigger_state import trigger_states
from nbkit.service import job_settings
from nbkit.service.parameters import job_parameters, task_parameters
from nbkit.service.refusals import invalid
from nbkit.service.rights import refuse_rights_of_others
from nbkit.service.routes import route
from nbkit.service.shapes import numbers_of, pages_of, token_of
from nbkit.service.submitted import with_tasks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.ledger.deployed import DeployedJob
    from nbkit.service.project import Project
    from nbkit.service.request import ApiRequest

_MOST_LISTED = 100
_NOT_SETTINGS = ("access_control_list",)


@route("POST", "jobs/create", None)
def create(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Deploy a job."""
    settings = _settings(request.values, project)
    made = create_job(settings, editor=project.user, settings=project.settings)
    return {"job_id": made.job_id}


@route("GET", "jobs/get", "job_id include_trigger_history include_trigger_state page_token")
def get(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return a job."""
    job = deployed_job(request.number("job_id"), settings=project.settings)
    token = request.text("page_token", "")
    whole = job_settings.with_defaults(job.settings)
    settings, more = job_settings.page_of(whole, request.version, token)
    history, state = (request.flag(f"include_trigger_{name}") for name in ("history", "state"))
    if (history or state) and not token:
        watches = project.watch.ledger().watches
        more |= trigger_states(job, watches, history=history)
    return {**_about(job), "settings": settings, **more}


@route("GET", "jobs/list", "expand_tasks include_user_names limit name offset page_token")
def listed(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return jobs, the newest first."""
    found = _called(deployed_jobs(settings=project.settings), request.text("name", ""))
    if request.version == "2.0":
        limit, expand = max(len(found), 1), True
    else:
        limit, expand = request.number("limit", 20), request.flag("expand_tasks")
        if not 0 < limit <= _MOST_LISTED:
            raise invalid(f"limit must be from 1 to {_MOST_LISTED}, not {limit}.")
    if token := request.text("page_token", ""):
        last = numbers_of(token, 2)
        found = [job for job in found if (job.created_at, job.job_id) < last]
    found = found[max(0, request.number("offset", 0)) :]
    jobs = []
    for job in found[:limit]:
        whole = job_settings.with_defaults(job.settings)
        shown = job_settings.in_list(whole, request.version, expand=expand)
        more = {"has_more": job_settings.has_more(whole)} if request.version == "2.2" else {}
        jobs.append({**_about(job), "settings": shown, **more})
    answer: dict[str, Any] = {"jobs": jobs} if jobs else {}
    answer["has_more"] = len(found) > limit
    if len(found) > limit:
        last_shown = found[limit - 1]
        answer["next_page_token"] = token_of(last_shown.created_at, last_shown.job_id)
    return answer


@route("POST", "jobs/update", "job_id new_settings fields_to_remove")
def update(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Change some settings of a job."""
    new = _settings(request.mapping("new_settings"), project)
    remove = request.texts("fields_to_remove")
    changed = partial(job_settings.updated, new=new, remove=remove)
    change_job(request.number("job_id"), changed, editor=project.user, settings=project.settings)
    return {}


@route("POST", "jobs/reset", "job_id new_settings")
def reset(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Give a job other settings."""
    if not request.has("new_settings"):
        raise invalid("Missing required field: new_settings.")
    new = _settings(request.mapping("new_settings"), project)
    changed = partial(job_settings.after_reset, new=new)
    change_job(request.number("job_id"), changed, editor=project.user, settings=project.settings)
    return {}


@route("POST", "jobs/delete", "job_id")
def delete(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Let a job be deployed no more; its runs stay."""
    remove_job(request.number("job_id"), settings=project.settings)
    return {}


@route(
    "POST",
    "jobs/run-now",
    "dbt_commands idempotency_token jar_params job_id job_parameters notebook_params only "
    "performance_target pipeline_params python_named_params python_params queue "
    "spark_submit_params sql_params",
)
def run_now(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Begin a run of a job."""
    job = deployed_job(request.number("job_id"), settings=project.settings)
    wanted = request.mapping("queue")
    if wanted and wanted != job.settings.get("queue"):
        raise invalid("queue cannot be set for a single run here: set it for the job.")
    run_id = run_deployed(
        job.job_id,
        job_parameters(request),
        only=request.texts("only") or None,
        idempotency_token=request.text("idempotency_token", ""),
        task_parameters=task_parameters(request),
        creator=project.user,
        pages=pages_of(request.url),
        settings=project.settings,
    )
    return {"run_id": run_id, "number_in_job": run_id}


def _settings(given: Mapping[str, Any], project: Project) -> dict[str, Any]:
    """Return the settings that a request holds, in today's shape.

    Raises:
        Refusal: it gives others rights.
    """
    refuse_rights_of_others(given.get("access_control_list"), project.user)
    return with_tasks({name: v for name, v in given.items() if name not in _NOT_SETTINGS})


def _called(jobs: list[DeployedJob], name: str) -> list[DeployedJob]:
    """Return the jobs of a name, in whatever case; all, if none is given."""
    if not name:
        return jobs
    return [job for job in jobs if job.name.casefold() == name.casefold()]


def _about(job: DeployedJob) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "creator_user_name": job.creator,
        "run_as_user_name": job.creator,
        "created_time": job.created_at,
    }
