"""What a person asks for on a page: run, repair, cancel, deploy, pause, resume, compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit import api
from nbkit.api.deployed import (
    deploy,
    deployed_job,
    deployed_jobs,
    pause,
    resume,
    run_deployed,
    undeploy,
)
from nbkit.api.watching import Wanted
from nbkit.app.parameters import again
from nbkit.errors import JobNotFoundError, NbkitError
from nbkit.report.compare import comparable
from nbkit.rules.references import as_text
from nbkit.service.pages.documents import code_of, problem_of
from nbkit.service.pages.notebooks import notebook_at
from nbkit.service.refusals import invalid
from nbkit.service.shapes import pages_of

if TYPE_CHECKING:
    from nbkit.ledger.deployed import DeployedJob
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
    given = {name: as_text(value) for name, value in request.mapping("parameters").items()}
    only = request.texts("only") or None
    return _begun(project, request.number("job_id"), given, pages_of(request.url), only)


def _run_again(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Run a job with the parameters of an earlier run, whatever its defaults are by now."""
    record = project.watch.record(request.number("run_id"))
    return _begun(project, record["job_id"], again(record), pages_of(request.url))


def _run_notebook(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Run a notebook as `nbkit run` does."""
    place = notebook_at(project, request.text("path"))
    given = {name: as_text(value) for name, value in request.mapping("parameters").items()}
    return _opened(project, _planned(project, str(place), given, pages_of(request.url)))


def _begun(
    project: Project,
    job_id: int,
    given: dict[str, str],
    pages: str,
    only: list[str] | None = None,
) -> dict[str, Any]:
    try:
        deployed_job(job_id, settings=project.settings)
    except JobNotFoundError:
        run_id = _of_file(project, job_id, given, pages, only)
    else:
        run_id = run_deployed(job_id, given, only=only, pages=pages, settings=project.settings)
    return _opened(project, run_id)


def _opened(project: Project, run_id: int) -> dict[str, Any]:
    record = project.watch.record(run_id)
    told = {"run_id": run_id, "job_id": record["job_id"], "name": record["run_name"]}
    return {"open": f"runs/{run_id}", **told}


def _planned(
    project: Project, source: str, given: dict[str, str], pages: str, only: list[str] | None = None
) -> int:
    planned = api.plan(source, given, only=only, pages=pages, settings=project.settings)
    api.begin(planned.run_id, settings=project.settings)
    return planned.run_id


def _of_file(
    project: Project, job_id: int, given: dict[str, str], pages: str, only: list[str] | None
) -> int:
    """Begin a run of a job that is not deployed: of its file, or what its latest run was of."""
    if found := project.job_files.find(job_id):
        return _planned(project, found.address, given, pages, only)
    latest = project.watch.runs(Wanted(job_id=job_id, most=1))
    if not latest:
        raise invalid(f"Job {job_id} does not exist.")
    if project.watch.record(latest[0])["submitted"]:
        raise invalid("This run was submitted by a client, and is of no job that could run again.")
    source = project.watch.ledger().definition(latest[0]).source
    return _planned(project, source, given, pages, only)


def _repair(project: Project, request: ApiRequest) -> dict[str, Any]:
    given = {name: as_text(value) for name, value in request.mapping("parameters").items()}
    run_id = request.number("run_id")
    api.start_repair(run_id, parameters=given, settings=project.settings)
    return {"message": ""}


def _cancel(project: Project, request: ApiRequest) -> dict[str, Any]:
    return {"message": api.cancel(request.number("run_id"), settings=project.settings)}


def _deploy(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Deploy the job of a file, or anew the one that is deployed from it."""
    source = request.text("source")
    known = {each.address for each in project.job_files.all()}
    if source not in known | {job.source for job in deployed_jobs(settings=project.settings)}:
        raise invalid(f"{source} is no job of this project.")
    done = deploy(source, editor=project.user, settings=project.settings)
    said = [f"{each.name} is {_word(each, done.new)}." for each in done.jobs]
    return {"message": " ".join(said)}


def _word(job: DeployedJob, new: frozenset[int]) -> str:
    return f"{'deployed' if job.job_id in new else 'updated'}{', paused' if job.paused else ''}"


def _undeploy(project: Project, request: ApiRequest) -> dict[str, Any]:
    job = undeploy(request.number("job_id"), settings=project.settings)
    return {"message": f"{job.name} is deployed no more; its runs stay."}


def _files(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Tell which files a run would read, so that none of them is left unsaved."""
    return {"files": code_of(project, request.number("job_id"))}


def _pause(project: Project, request: ApiRequest) -> dict[str, Any]:
    job = pause(request.number("job_id"), editor=project.user, settings=project.settings)
    return {"message": f"{job.name} is paused."}


def _resume(project: Project, request: ApiRequest) -> dict[str, Any]:
    job = resume(request.number("job_id"), editor=project.user, settings=project.settings)
    return {"message": f"{job.name} starts by itself again."}


def _compare(project: Project, request: ApiRequest) -> dict[str, Any]:
    """Compare a run with another one; by default with the last before it that ran the same."""
    run_id, read = request.number("run_id"), project.watch.record
    if request.has("before"):
        before: int | None = request.number("before")
    else:
        ran = read(run_id)
        runs = project.watch.runs(Wanted(job_id=ran["job_id"], before=run_id))
        before = comparable(ran, runs, read)
    if before is None:
        return {"message": "There is no run before this one to compare it with."}
    _, page = api.diff(before, run_id, settings=project.settings)
    return {"open": f"files/{page.relative_to(project.settings.root).as_posix()}"}


_KINDS = {
    "run": _run,
    "run_again": _run_again,
    "run_notebook": _run_notebook,
    "files": _files,
    "repair": _repair,
    "cancel": _cancel,
    "deploy": _deploy,
    "undeploy": _undeploy,
    "pause": _pause,
    "resume": _resume,
    "compare": _compare,
}
