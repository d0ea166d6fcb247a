"""Jobs that are left running by themselves: deploy, pause, list, run."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from nbkit.api.given import texts
from nbkit.api.recorded import recorded
from nbkit.app.located import project_of
from nbkit.errors import UsageError
from nbkit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from nbkit.api.recorded import Run
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
    creator: str = "",
    pages: str = "",
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
        creator: who asks for it; by default the person at work.
        pages: address of pages where it is shown, which its id is appended to; empty for none.
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
        creator=creator,
        pages=pages,
        launch=launch,
    )


def backfill(
    job: str,
    *,
    start: str,
    end: str,
    every: str = "1d",
    parameters: Mapping[str, object] | None = None,
    plan: bool = False,
    tell: Callable[[str], None] = print,
    settings: Settings | None = None,
) -> list[Run]:
    """Run a job once for each window of a range, and wait for their end.

    They go on side by side as far as `max_concurrent_runs` lets them; `{{backfill.iso_date}}` and
    the like, in the job's parameters and in the given ones, is the start of the window.

    Args:
        job: a deployed job's name or id, or a file.
        start: of the first window (ISO 8601, UTC if it does not say).
        end: windows start before it; a date alone is included.
        every: how long a window is, such as `1d` or `6h`.
        parameters: job parameters by name.
        plan: leave the runs to a node or the service, and return at once.
        tell: is told what happens, in one line each.
        settings: of the project.

    Raises:
        NbkitError: the runs could never begin; none was planned.
    """
    from nbkit.app import backfilling
    from nbkit.app.deployed import definition_of
    from nbkit.app.loading import load

    starts = backfilling.windows(
        _moment(start, "--from"),
        _moment(end, "--to", through=True),
        backfilling.length(every),
    )
    settings = settings or Settings.of()
    try:
        found = deployed_job(job, settings=settings)
    except UsageError as error:
        try:
            definition = load(job)
        except UsageError:
            raise error from None
    else:
        definition = definition_of(found, settings.root)
    given = texts(parameters)
    run_ids = backfilling.plan_backfill(definition, settings, starts, parameters=given)
    if not plan:
        backfilling.drive_backfill(run_ids, settings, tell)
    return [recorded(run_id, settings) for run_id in run_ids]


def _moment(text: str, option: str, *, through: bool = False) -> datetime:
    """Read a time; with `through`, of a date alone its end."""
    from datetime import UTC, datetime, timedelta

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option} {text}: a time is given as 2026-11-30 or 2026-11-30T08:00:00Z"
        ) from None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    is_date = len(text.strip()) <= len("2026-11-30")
    return found + timedelta(days=1) if through and is_date else found


def _with_status(
    job: int | str, status: PauseStatus, editor: str, settings: Settings | None
) -> DeployedJob:
    from nbkit.app import deploying
    from nbkit.app.opening import open_ledger

    settings = settings or Settings.of()
    found = deployed_job(job, settings=settings)
    with closing(open_ledger(settings)) as ledger:
        return deploying.set_paused(found, status, ledger.jobs, editor)
