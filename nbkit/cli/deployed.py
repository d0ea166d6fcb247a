"""Commands of jobs that are left running: deploy, undeploy, pause, resume, backfill."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from nbkit.cli import exit_status, options
from nbkit.cli.streams import print_document

if TYPE_CHECKING:
    from nbkit.ledger.deployed import DeployedJob

Deployed = Annotated[
    str, typer.Argument(metavar="JOB", help="A deployed job: its name, its id or its file.")
]


def deploy(
    job: options.AnyJob = None,
    target: options.Target = None,
    var: options.Variables = None,
    as_json: options.Json = False,
) -> None:
    """Deploy a job, or all jobs of a bundle: `nbkit serve` then starts them; again is an update."""
    from nbkit import api

    done = api.deploy(options.job_of(job), target=target, variables=options.variables(var))
    if as_json:
        placed = [_listed(each) for each in done.jobs]
        print_document({"jobs": placed, "removed": [_listed(each) for each in done.removed]})
        return
    for each in done.jobs:
        verb = "deployed" if each.job_id in done.new else "updated"
        paused = ", paused" if each.paused else ""
        of_target = f" for {each.target}" if each.target else ""
        typer.echo(f"{verb} {each.name}{of_target} as job {each.job_id}{paused}")
    for each in done.removed:
        typer.echo(f"removed {each.name} (job {each.job_id}), which the bundle has no more")


def undeploy(job: Deployed) -> None:
    """Let a job be deployed no more; its runs stay on record, and those that go on do so."""
    from nbkit import api

    removed = api.undeploy(job)
    typer.echo(f"{removed.name} (job {removed.job_id}) is deployed no more")


def pause(job: Deployed) -> None:
    """Let nothing start a job by itself; a run that goes on ends as it would."""
    from nbkit import api

    typer.echo(f"{api.pause(job).name} is paused")


def resume(job: Deployed) -> None:
    """Let a paused job start by itself again; times of the pause are not made up for."""
    from nbkit import api

    typer.echo(f"{api.resume(job).name} starts by itself again")


def backfill(
    job: Annotated[
        str, typer.Argument(help="A deployed job's name or id, or a job file, or FILE:job_key.")
    ],
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="The first window's start.")],
    end: Annotated[
        str,
        typer.Option("--to", metavar="TIME", help="Windows start before it; a date is included."),
    ],
    every: Annotated[str, typer.Option(help="How long a window is, as 1d, 6h or 15m.")] = "1d",
    parameter: options.Parameters = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Leave the runs to nbkit serve; print their ids.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Run a job once for each window of a range; {{backfill.iso_date}} is the window's start."""
    from nbkit import api

    runs = api.backfill(
        job,
        start=start,
        end=end,
        every=every,
        parameters=options.parameters(parameter),
        plan=plan,
        tell=partial(typer.echo, err=True),
    )
    if as_json:
        print_document({"runs": [each.record for each in runs]})
    else:
        for each in runs:
            typer.echo(each.run_id if plan else f"run {each.run_id}: {each.result_state}")
    if not plan:
        worst = [exit_status.of_result(each.result_state) for each in runs]
        raise typer.Exit(max(worst, default=exit_status.SUCCEEDED))


def _listed(job: DeployedJob) -> dict[str, object]:
    return {"job_id": job.job_id, "name": job.name, "target": job.target, "paused": job.paused}
