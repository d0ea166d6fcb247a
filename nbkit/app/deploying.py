"""Deploy jobs: what a file says becomes what the ledger keeps, and runs from there."""

from __future__ import annotations

import json
import secrets
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbkit import on_disk
from nbkit.app.creators import user
from nbkit.app.deployed import definition_of
from nbkit.app.loading import jobs_of_bundle, load, target_of
from nbkit.app.opening import open_ledger
from nbkit.app.planning import plan
from nbkit.app.submitting import begin
from nbkit.errors import DefinitionError, UsageError
from nbkit.graph.address import Address
from nbkit.graph.findings import as_problems
from nbkit.graph.load import parse_job
from nbkit.graph.pausing import PauseStatus, starts_by_itself, with_pause_status
from nbkit.graph.starting import never_fires
from nbkit.ledger.deployed import DeployedJob
from nbkit.near import hint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from nbkit.app.definition import Definition
    from nbkit.graph.model import Job
    from nbkit.ledger.deployed import DeployedJobs, Deployment
    from nbkit.settings import Settings

_LARGEST_ID = 2**48


def deploy(
    job: str | Path,
    settings: Settings,
    *,
    target: str | None = None,
    variables: Mapping[str, str] | None = None,
    editor: str = "",
) -> Deployment:
    """Deploy a job, or all jobs of a bundle in one step; what is deployed already is updated.

    Of a bundle that is named without a key, jobs that it had and has no more are removed, as
    Databricks does. Targets in development mode have what they deploy paused.

    Raises:
        UsageError: there is no such file.
        DefinitionError: a job cannot run; nothing was deployed.
    """
    parts = jobs_of_bundle(job, target=target, variables=variables)
    found = [
        load(part, target=target, variables=variables) for part in (parts.values() or (str(job),))
    ]
    editor = editor or user()
    wanted = [_deployable(each, settings, editor) for each in found]
    places = {(_file_in(each.source), each.target) for each in wanted}

    def replaces(other: DeployedJob) -> bool:
        return bool(parts) and (_file_in(other.source), other.target) in places

    with closing(open_ledger(settings)) as ledger:
        return ledger.jobs.deploy(wanted, replaces=replaces)


def create(document: Mapping[str, Any], settings: Settings, *, editor: str = "") -> DeployedJob:
    """Deploy a job that no file has; its paths lead from the project's folder.

    Args:
        document: `JobSettings` of the Jobs API.
        settings: of the project.
        editor: who does so; by default the person at work.

    Raises:
        DefinitionError: the settings are wrong; its files may be missing yet.
    """
    check(document)
    row = DeployedJob(
        1 + secrets.randbelow(_LARGEST_ID),
        str(document.get("name", "Untitled")),
        dict(document),
        root=str(settings.root),
        editor=editor or user(),
    )
    with closing(open_ledger(settings)) as ledger:
        return ledger.jobs.deploy([row]).jobs[0]


def change(
    job_id: int,
    made: Callable[[dict[str, Any]], Mapping[str, Any]],
    settings: Settings,
    *,
    editor: str = "",
) -> DeployedJob:
    """Give a deployed job other settings, which `made` makes of those that it has.

    Raises:
        JobNotFoundError: it is not deployed.
        DefinitionError: they are wrong; nothing was changed.
    """

    def checked(before: dict[str, Any]) -> Mapping[str, Any]:
        after = made(before)
        check(after)
        return after

    with closing(open_ledger(settings)) as ledger:
        return ledger.jobs.change(job_id, checked, editor=editor or user())


def check(document: Mapping[str, Any]) -> None:
    """Refuse settings of a job that are wrong by themselves, whatever its files are.

    Raises:
        DefinitionError: with every problem.
    """
    _refuse_what_never_fires(parse_job(json.dumps(dict(document))).job, "the job")


def named(job: str, jobs: DeployedJobs) -> DeployedJob:
    """Return the deployed job that a person means: by its id, its name or its file.

    Raises:
        UsageError: there is none, or there are several of that name.
    """
    everything = jobs.all()
    if job.isdecimal() and (found := [each for each in everything if each.job_id == int(job)]):
        return found[0]
    found = [each for each in everything if each.name == job]
    if not found:
        found = [each for each in everything if _is_at(each, job)]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(f"{each.job_id} ({each.target or each.source})" for each in found)
        raise UsageError(f"several deployed jobs are called {job}; say which by its id: {several}")
    near = hint(job, sorted({each.name for each in everything}))
    raise UsageError(f"no job {job} is deployed{near}")


def set_paused(
    job: DeployedJob, status: PauseStatus, jobs: DeployedJobs, editor: str = ""
) -> DeployedJob:
    """Pause all that starts a job by itself, or let it go on.

    Raises:
        UsageError: nothing starts it by itself.
    """
    if not starts_by_itself(job.settings):
        raise UsageError(f"nothing starts {job.name} by itself: it has no schedule and no trigger")

    def changed(before: dict[str, Any]) -> dict[str, Any]:
        after = with_pause_status(before, status)
        check(after)
        return after

    return jobs.change(
        job.job_id,
        changed,
        editor=editor or user(),
    )


def run_deployed(
    job_id: int,
    settings: Settings,
    *,
    parameters: Mapping[str, str] | None = None,
    only: Sequence[str] | None = None,
    token: str = "",
    task_parameters: Mapping[str, Any] | None = None,
    creator: str = "",
    pages: str = "",
    launch: bool = True,
) -> int:
    """Put a run of a deployed job on record, and return its id at once.

    Args:
        job_id: which job.
        settings: of the project.
        parameters: job parameters by name.
        only: task keys to run.
        token: the same token is the same run.
        task_parameters: older parameters, such as `notebook_params`.
        creator: who asks for it; by default the person at work.
        pages: address of pages where it is shown; see `plan`.
        launch: begin it, in a process of its own; else a node or the service will.

    Raises:
        JobNotFoundError: it is not deployed.
        NbkitError: the run could never begin.
    """
    with closing(open_ledger(settings)) as ledger:
        job = ledger.jobs.get(job_id)
    run_id = plan(
        definition_of(job, settings.root),
        settings,
        parameters=parameters,
        only=only,
        token=token,
        task_parameters=task_parameters,
        creator=creator,
        pages=pages,
        begun_here=launch,
    )
    if launch:
        begin(run_id, settings)
    return run_id


def _deployable(definition: Definition, settings: Settings, editor: str) -> DeployedJob:
    _refuse_what_never_fires(definition.graph.job, definition.source)
    if definition.streamed:
        raise UsageError("a job through a pipe cannot be deployed: name its file")
    path, given = definition.path, definition.target
    target = target_of(path, given)
    is_default = given is not None and given == target_of(path, None)
    same = replace(definition, target=None) if is_default else definition
    return DeployedJob(
        same.job_id(settings.root),
        definition.graph.job.name,
        definition.parsed.document,
        definition.source,
        target or "",
        str(settings.root),
        editor=editor,
    )


def _refuse_what_never_fires(job: Job, source: str) -> None:
    wrong = list(never_fires(job))
    if wrong:
        raise DefinitionError(as_problems(wrong), source)


def _file_in(source: str) -> str:
    address = Address.parse(source)
    name, _ = address.split(lambda name: on_disk.is_there(on_disk.place(name)))
    return name


def _is_at(job: DeployedJob, named: str) -> bool:
    """Tell whether a job was deployed from the file, or the part of one, that a person names."""
    if not job.source:
        return False
    address = Address.parse(job.source)
    wanted = str(on_disk.here() / Address.parse(named).job)
    return wanted in (address.job, _file_in(job.source)) or named == address.job.rpartition(":")[2]
