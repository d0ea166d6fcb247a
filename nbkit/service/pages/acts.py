"""What a person asks for on a page: run, repair, cancel, pause, resume, compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit import api
from nbkit.api.deployed import deployed_job, pause, resume, run_deployed
from nbkit.api.watching import Wanted
from nbkit.errors import JobNotFoundError, NbkitError
from nbkit.rules.references import as_text
from nbkit.service.pages.documents import problem_of
from nbkit.service.refusals import invalid
from nbkit.service.shapes import pages_of

if TYPE_CHECKING:
    from nbkit.service.project import Project
    from nbkit.service.request import ApiRequest


def act(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Do it, and return what to say, and where to go.

    Raises:
        Refusal: it is nothing that can be asked for.
    """
    kind = request.text("kind")
    found = _KINDS.get(kind)
    if found is None:
        raise invalid(f"kind must be one of {', '.join(_KINDS)}, not {kind}.")
    try:
        return found(project, request)
    except NbkitError as error:
        return {"message": problem_of(error)}


def _run(project: Project, request: ApiRequest) -> dict[str, Any]:
    job_id, settings = request.number("job_id"), project.settings
    given = {name: as_text(value) for name, value in request.mapping("parameters").items()}
    only, pages = request.texts("only") or None, pages_of(request.url)
    try:
        deployed_job(job_id, settings=settings)
    except JobNotFoundError:
        run_id = _again(project, job_id, given, only, pages)
    else:
        run_id = run_deployed(job_id, given, only=only, pages=pages, settings=settings)
    return {"open": f"runs/{run_id}"}


def _again(
    project: Project, job_id: int, given: dict[str, str], only: list[str] | None, pages: str
) -> int:
    """Begin a run of a job that is not deployed: of the file that its latest run was of."""
    latest = project.watch.runs(Wanted(job_id=job_id, most=1))
    if not latest:
        raise invalid(f"Job {job_id} does not exist.")
    if project.watch.record(latest[0])["submitted"]:
        raise invalid("This run was submitted by a client, and is of no job that could run again.")
    source = project.watch.ledger().definition(latest[0]).source
    planned = api.plan(source, given, only=only, pages=pages, settings=project.settings)
    api.begin(planned.run_id, settings=project.settings)
    return planned.run_id


def _repair(project: Project, request: ApiRequest) -> dict[str, Any]:
    given = {name: as_text(value) for name, value in request.mapping("parameters").items()}
    run_id = request.number("run_id")
    api.start_repair(run_id, parameters=given, settings=project.settings)
    return {"message": ""}


def _cancel(project: Project, request: ApiRequest) -> dict[str, Any]:
    return {"message": api.cancel(request.number("run_id"), settings=project.settings)}


def _pause(project: Project, request: ApiRequest) -> dict[str, Any]:
    job = pause(request.number("job_id"), editor=project.user, settings=project.settings)
    return {"message": f"{job.name} is paused."}


def _resume(project: Project, request: ApiRequest) -> dict[str, Any]:
    job = resume(request.number("job_id"), editor=project.user, settings=project.settings)
    return {"message": f"{job.name} starts by itself again."}


def _compare(project: Project, request: ApiRequest) -> dict[str, Any]:
    run_id = request.number("run_id")
    job_id = project.watch.record(run_id)["job_id"]
    before = project.watch.runs(Wanted(job_id=job_id, before=run_id, most=1))
    if not before:
        return {"message": "There is no run before this one to compare it with."}
    _, page = api.diff(before[0], run_id, settings=project.settings)
    return {"open": f"files/{page.relative_to(project.settings.root).as_posix()}"}


_KINDS = {
    "run": _run,
    "repair": _repair,
    "cancel": _cancel,
    "pause": _pause,
    "resume": _resume,
    "compare": _compare,
}
