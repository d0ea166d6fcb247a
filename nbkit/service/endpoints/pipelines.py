"""Pipelines: create, get, list, edit, delete, and their updates, each of which is a run."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nbkit import api
from nbkit.api.pipelines import update_task
from nbkit.api.watching import Wanted
from nbkit.errors import RunNotFoundError
from nbkit.service import pipelines_kept as kept
from nbkit.service.refusals import Refusal, invalid
from nbkit.service.routes import route
from nbkit.service.shapes import pages_of, place_of, token_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.service.pipelines_kept import Kept
    from nbkit.service.project import Project
    from nbkit.service.request import ApiRequest

_UPDATES_SHOWN = 5
_PAGE = 25
_SPEC = (
    "allow_duplicate_names budget_policy_id catalog channel clusters configuration continuous "
    "deployment development dry_run edition environment event_log expected_last_modified filters "
    "gateway_definition id ingestion_definition libraries name notifications parameters "
    "parent_path photon pipeline_id restart_window root_path run_as run_as_user_name schema "
    "serverless serverless_compute_id storage tags target trigger usage_policy_id"
)
_SELECTIONS = ("full_refresh_selection", "refresh_selection", "reset_checkpoint_selection")
_UPDATE = f"cause full_refresh parameters pipeline_id validate_only {' '.join(_SELECTIONS)}"
_STATES = {
    "PENDING": "CREATED",
    "QUEUED": "QUEUED",
    "RUNNING": "RUNNING",
    "TERMINATING": "STOPPING",
    "SUCCESS": "COMPLETED",
    "CANCELED": "CANCELED",
}


@route("POST", "pipelines", _SPEC, versions=r"2\.0")
def create(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Make a pipeline."""
    spec = dict(request.values)
    if not spec.get("name"):
        raise invalid("Missing required field: name.")
    if spec.get("ingestion_definition") or spec.get("gateway_definition"):
        raise Refusal("NOT_IMPLEMENTED", "nbkit runs no ingestion pipelines.")
    same = [each for each in kept.all_kept(project.settings) if each.name == spec["name"]]
    if same and not request.flag("allow_duplicate_names"):
        message = f"The pipeline name '{spec['name']}' is already used by another pipeline."
        raise Refusal("RESOURCE_CONFLICT", message, 409)
    if request.flag("dry_run"):
        return {"effective_settings": spec}
    pipeline_id, now = str(uuid.uuid4()), kept.now()
    run_name = f"{spec['name']} ({pipeline_id[:8]})"
    kept.put(project.settings, kept.Kept(pipeline_id, spec, run_name, project.user, now, now))
    return {"pipeline_id": pipeline_id}


@route("GET", "pipelines", "filter max_results order_by page_token", versions=r"2\.0")
def listed(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return the pipelines."""
    if request.has("order_by"):
        raise Refusal("NOT_IMPLEMENTED", "Pipelines are listed without order_by here.")
    most = request.number("max_results", _PAGE)
    if most < 1:
        raise invalid("max_results must be at least 1.")
    start = place_of(request.text("page_token")) if request.has("page_token") else 0
    found = _alike(kept.all_kept(project.settings), request.text("filter", ""))
    shown = [_about(project, each) for each in found[start : start + most]]
    more = start + most < len(found)
    return {"statuses": shown} | ({"next_page_token": token_of(start + most)} if more else {})


@route("GET", "pipelines/{pipeline_id}", versions=r"2\.0")
def get(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return a pipeline, and how it stands."""
    found = _kept(project, request)
    return {
        **_about(project, found),
        "spec": {**found.spec, "id": found.pipeline_id},
        "last_modified": found.updated_at,
    }


@route("PUT", "pipelines/{pipeline_id}", _SPEC, versions=r"2\.0")
def edit(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Give a pipeline another spec."""
    with project.writing:
        found = _kept(project, request)
        expected = request.number("expected_last_modified", found.updated_at)
        if expected != found.updated_at:
            message = "The pipeline was changed meanwhile: get it anew."
            raise Refusal("RESOURCE_CONFLICT", message, 409)
        spec = {name: value for name, value in request.values.items() if name != "pipeline_id"}
        spec.setdefault("name", found.name)
        kept.put(project.settings, replace(found, spec=spec, updated_at=kept.now()))
    return {}


@route("DELETE", "pipelines/{pipeline_id}", "force", versions=r"2\.0")
def delete(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Forget a pipeline; an update that goes on is cancelled, and its tables stay."""
    found = _kept(project, request)
    _cancel(project, found)
    kept.remove(project.settings, found.pipeline_id)
    return {}


@route("POST", "pipelines/{pipeline_id}/updates", _UPDATE, versions=r"2\.0")
def start_update(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Begin an update."""
    found = _kept(project, request)
    if request.flag("validate_only"):
        message = "Validate with `nbkit pipeline validate`: here updates are run."
        raise Refusal("NOT_IMPLEMENTED", message)
    if active := _runs(project, found, 1, active=True):
        message = f"An active update {active[0]} already exists for pipeline {found.pipeline_id}."
        raise Refusal("RESOURCE_CONFLICT", message, 409)
    task = update_task(
        kept.address_of(project.settings, found),
        refresh=request.texts("refresh_selection") or None,
        full_refresh=request.texts("full_refresh_selection"),
        full_refresh_all=request.flag("full_refresh"),
        parameters={str(k): str(v) for k, v in request.mapping("parameters").items()},
        reset_checkpoint_selection=request.texts("reset_checkpoint_selection"),
    )
    job = {"name": found.run_name, "tasks": [task]}
    pages = pages_of(request.url)
    return {"update_id": str(api.submit(job, settings=project.settings, pages=pages))}


@route("GET", "pipelines/{pipeline_id}/updates/{update_id}", versions=r"2\.0")
def get_update(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return an update."""
    found, update_id = _kept(project, request), request.text("update_id")
    try:
        record = project.watch.record(int(update_id) if update_id.isdecimal() else 0)
    except RunNotFoundError:
        record = {}
    if record.get("run_name") != found.run_name:
        message = f"Update {update_id} of pipeline {found.pipeline_id} does not exist."
        raise Refusal("RESOURCE_DOES_NOT_EXIST", message)
    return {"update": _update(found, record)}


@route(
    "GET",
    "pipelines/{pipeline_id}/updates",
    "max_results page_token until_update_id",
    versions=r"2\.0",
)
def list_updates(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return updates, the newest first."""
    found, most = _kept(project, request), request.number("max_results", _PAGE)
    before = place_of(request.text("page_token")) if request.has("page_token") else 0
    runs = _runs(project, found, most + 1, before=before)
    updates = [_update(found, project.watch.record(run_id)) for run_id in runs[:most]]
    more = {"next_page_token": token_of(runs[most - 1])} if len(runs) > most else {}
    return {"updates": updates, **more}


@route("POST", "pipelines/{pipeline_id}/stop", versions=r"2\.0")
def stop(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Cancel the update that goes on."""
    _cancel(project, _kept(project, request))
    return {}


@route(
    "GET",
    "pipelines/{pipeline_id}/events",
    "filter max_results order_by page_token",
    versions=r"2\.0",
)
def events(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Return what happened, as the records of the updates tell it, the newest first."""
    if request.has("filter"):
        raise Refusal("NOT_IMPLEMENTED", "Events are listed without a filter here.")
    found, most = _kept(project, request), request.number("max_results", _PAGE)
    told: list[dict[str, Any]] = []
    for run_id in _runs(project, found, _PAGE):
        told += _events(found, project.watch.record(run_id))
    start = place_of(request.text("page_token")) if request.has("page_token") else 0
    more = start + most < len(told)
    page = {"events": told[start : start + most]}
    return page | ({"next_page_token": token_of(start + most)} if more else {})


def _alike(found: list[Kept], wanted: str) -> list[Kept]:
    """Return the pipelines that a filter takes; the one kind that clients use is by name."""
    if not wanted:
        return found
    like = re.fullmatch(r"name LIKE '([^']*)'", wanted)
    if like is None:
        raise Refusal("NOT_IMPLEMENTED", f"The only filter here is name LIKE '…', not {wanted}.")
    pattern = ".*".join(map(re.escape, like[1].split("%")))
    return [each for each in found if re.fullmatch(pattern, each.name)]


def _kept(project: Project, request: ApiRequest) -> Kept:
    return kept.get(project.settings, request.text("pipeline_id"))


def _runs(
    project: Project, found: Kept, most: int, *, active: bool | None = None, before: int = 0
) -> list[int]:
    wanted = Wanted(job_name=found.run_name, most=most, active=active, before=before)
    return project.watch.runs(wanted)


def _cancel(project: Project, found: Kept) -> None:
    for run_id in _runs(project, found, _PAGE, active=True):
        api.cancel(run_id, settings=project.settings)


def _about(project: Project, found: Kept) -> dict[str, Any]:
    records = [project.watch.record(each) for each in _runs(project, found, _UPDATES_SHOWN)]
    updates = [_update(found, record) for record in records]
    state = updates[0]["state"] if updates else "COMPLETED"
    over = state in ("COMPLETED", "CANCELED", "FAILED")
    return {
        "pipeline_id": found.pipeline_id,
        "name": found.name,
        "state": "IDLE" if over else "STOPPING" if state == "STOPPING" else "RUNNING",
        "health": "UNHEALTHY" if state == "FAILED" else "HEALTHY",
        "cause": "",
        "creator_user_name": found.creator,
        "run_as_user_name": found.creator,
        "latest_updates": [
            {
                "update_id": each["update_id"],
                "state": each["state"],
                "creation_time": _moment(each["creation_time"]),
            }
            for each in updates
        ],
    }


def _state(record: Mapping[str, Any]) -> str:
    life = record["status"]["state"]
    if life != "TERMINATED":
        return _STATES.get(life, "RUNNING")
    return _STATES.get(record["state"].get("result_state", ""), "FAILED")


def _update(found: Kept, record: Mapping[str, Any]) -> dict[str, Any]:
    block = record["tasks"][0]["pipeline_task"] if record["tasks"] else {}
    chosen = {name: block[name] for name in _SELECTIONS if block.get(name)}
    return {
        "pipeline_id": found.pipeline_id,
        "update_id": str(record["run_id"]),
        "creation_time": record["created"],
        "state": _state(record),
        "cause": "API_CALL",
        "full_refresh": bool(block.get("full_refresh")),
        "validate_only": False,
        **chosen,
    }


def _events(found: Kept, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the events of an update, the newest first."""
    origin = {
        "pipeline_id": found.pipeline_id,
        "pipeline_name": found.name,
        "update_id": str(record["run_id"]),
    }
    task, state = record["tasks"][0], _state(record)
    bad = state == "FAILED"
    at = record["end_time"] or record["start_time"] or record["created"]
    told = [
        _event(origin, "update_progress", at, f"Update {record['run_id']} is {state}.", bad=bad)
    ]
    if bad:
        why = task["output"].get("error") or task["state"]["state_message"]
        told[0]["error"] = {"fatal": True, "exceptions": [{"message": why}]}
    last = task["attempts"][-1] if task["attempts"] else {}
    for each in last.get("datasets", []):
        name, outcome = str(each.get("id", "")), str(each.get("state", ""))
        said = f"Flow '{name}' is {outcome}."
        told.append(_event({**origin, "flow_name": name}, "flow_progress", at, said))
    created = f"Update {record['run_id']} started by {found.creator}."
    told.append(_event(origin, "create_update", record["created"], created))
    return told


def _event(
    origin: dict[str, str], kind: str, at: int, message: str, *, bad: bool = False
) -> dict[str, Any]:
    flow = origin.get("flow_name", "")
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{origin['update_id']}/{kind}/{flow}/{message}")),
        "event_type": kind,
        "origin": origin,
        "timestamp": _moment(at),
        "message": message,
        "level": "ERROR" if bad else "INFO",
        "maturity_level": "STABLE",
    }


def _moment(at: int) -> str:
    moment = datetime.fromtimestamp(at / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"
