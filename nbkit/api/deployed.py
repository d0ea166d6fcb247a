"""Jobs that are left running by themselves: deploy, pause, list, run."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from nbkit.api.given import texts
from nbkit.app.located import project_of
from nbkit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from nbkit.graph.pausing import PauseStatus
    from nbkit.ledger.deployed import DeployedJob, Deployment


def deploy(
    job: str | Path,
    *,
    target: str | None = None,
    variables: Mapping[str, object] | None = None,
    editor: str = "",
    settings: Settings | None = None,
) -> Deployment:
    """Deploy a job, or all jobs of a bundle in one step; what is deployed already is updated.

    Args:
        job: a file, a bundle, or `FILE:job_key` for one job of a bundle.
        target: of a bundle; by default its own.
        variables: values of a bundle's variables.
        editor: who deploys it; by default the person at work.
        settings: of the project; by default those of the project that the job's file is in.

    Raises:
        NbkitError: a job is invalid; nothing was deployed.
    """
    from nbkit.app import deploying

    settings = settings or project_of(job)
    given = texts(variables)
    return deploying.deploy(job, settings, target=target, variables=given, editor=editor)


def create_job(
    document: Mapping[str, Any], *, editor: str = "", settings: Settings | None = None
) -> DeployedJob:
    """Deploy a job that no file has, given its `JobSettings`; paths lead from the project's folder.

    Raises:
        DefinitionError: the settings are wrong; the files that they name may be missing yet.
    """
    from nbkit.app import deploying

    return deploying.create(document, settings or Settings.of(), editor=editor)


def change_job(
    job_id: int,
    change: Callable[[dict[str, Any]], Mapping[str, Any]],
    *,
    editor: str = "",
    settings: Settings | None = None,
) -> DeployedJob:
    """Give a deployed job other settings, in one step with what `change` reads of it.

    Args:
        job_id: which job.
        change: makes the new settings of those before.
        editor: who does so.
        settings: of the project.

    Raises:
        JobNotFoundError: it is not deployed.
        DefinitionError: the settings are wrong; nothing was changed.
    """
    from nbkit.app import deploying

    return deploying.change(job_id, change, settings or Settings.of(), editor=editor)


def deployed_jobs(
    *, name: str | None = None, settings: Settings | None = None
) -> list[DeployedJob]:
    """Return the deployed jobs, or those of a name, the newest first."""
    from nbkit.ledger.store import Ledger

    settings = settings or Settings.of()
    with closing(Ledger(settings.ledger_url, reading=True)) as ledger:
        return ledger.jobs.all(name=name)


def deployed_job(job: int | str, *, settings: Settings | None = None) -> DeployedJob:
    """Return a deployed job, by its id, or by its name or file as text.

    Raises:
        JobNotFoundError: no job of that id is deployed.
        UsageError: none of that name is, or several are.
    """
    from nbkit.app import deploying
    from nbkit.ledger.store import Ledger

    settings = settings or Settings.of()
    with closing(Ledger(settings.ledger_url, reading=True)) as ledger:
        if isinstance(job, int):
            return ledger.jobs.get(job)
        return deploying.named(job, ledger.jobs)


def pause(job: int | str, *, editor: str = "", settings: Settings | None = None) -> DeployedJob:
    """Pause all that starts a deployed job by itself, until `resume` or the next deployment.

    Args:
        job: its id, its name or its file.
        editor: who does so.
        settings: of the project.

    Raises:
        UsageError: there is no such job, or nothing starts it by itself.
    """
    return _with_status(job, "PAUSED", editor, settings)


def resume(job: int | str, *, editor: str = "", settings: Settings | None = None) -> DeployedJob:
    """Let a paused job start by itself again; the arguments are those of `pause`.

    Raises:
        UsageError: there is no such job, or nothing starts it by itself.
    """
    return _with_status(job, "UNPAUSED", editor, settings)


def undeploy(job: int | str, *, settings: Settings | None = None) -> DeployedJob:
    """Let a job be deployed no more; its runs stay on record, and those that go on end as they do.

    Raises:
        UsageError: there is no such job.
    """
    from nbkit.app.opening import open_ledger

    settings = settings or Settings.of()
    found = deployed_job(job, settings=settings)
    with closing(open_ledger(settings)) as ledger:
        return ledger.jobs.remove(found.job_id)


def run_deployed(
    job_id: int,
    parameters: Mapping[str, object] | None = None,
    *,
    only: Sequence[str] | None = None,
    idempotency_token: str = "",
    task_parameters: Mapping[str, Any] | None = None,
    launch: bool = True,
    settings: Settings | None = None,
) -> int:
    """Put a run of a deployed job on record, and return its id at once.

    It goes on in a process of its own. Over `max_concurrent_runs` it waits for its turn, or is
    skipped, as the job's `queue` says.

    Args:
        job_id: which job.
        parameters: job parameters by name; values are handed over as text.
        only: task keys to run.
        idempotency_token: if the job has a run with this token, return that one.
        task_parameters: older parameters of a run, such as `notebook_params`, by their names.
        launch: begin it here; without, a node (`work`) or the service of the project does.
        settings: of the project; by default those of the current folder's project.

    Raises:
        JobNotFoundError: it is not deployed.
        NbkitError: the run could never begin.
    """
    from nbkit.app import deploying

    return deploying.run_deployed(
        job_id,
        settings or Settings.of(),
        parameters=texts(parameters),
        only=only,
        token=idempotency_token,
        task_parameters=task_parameters,
        launch=launch,
    )


def _with_status(
    job: int | str, status: PauseStatus, editor: str, settings: Settings | None
) -> DeployedJob:
    from nbkit.app import deploying
    from nbkit.app.opening import open_ledger

    settings = settings or Settings.of()
    found = deployed_job(job, settings=settings)
    with closing(open_ledger(settings)) as ledger:
        return deploying.set_paused(found, status, ledger.jobs, editor)
