"""Commands about a job: run, validate, explain, repair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nbkit.cli import exit_status, options
from nbkit.cli.streams import print_document

if TYPE_CHECKING:
    from nbkit.api import Run


def run(
    job: options.AnyJob = None,
    parameter: options.Parameters = None,
    only: options.Only = None,
    target: options.Target = None,
    var: options.Variables = None,
    skip_unsupported: Annotated[
        bool, typer.Option("--skip-unsupported", help="Leave out tasks that cannot run here.")
    ] = False,
    idempotency_token: Annotated[
        str, typer.Option(help="If the job has a run with this token, show that; run nothing.")
    ] = "",
    strict: options.Strict = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Leave it to a node (nbkit work); print the run's id.")
    ] = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    keep: options.Keep = None,
) -> None:
    """Run a job and wait for its end."""
    from nbkit import api

    if plan:
        planned = api.plan(
            options.job_of(job),
            parameters=options.parameters(parameter),
            only=options.keys(only),
            idempotency_token=idempotency_token,
            skip_unsupported=skip_unsupported,
            strict=strict,
            target=target,
            variables=options.variables(var),
        )
        if as_json:
            print_document(planned.record)
        else:
            typer.echo(planned.run_id)
        return
    _end(
        api.run(
            options.job_of(job),
            parameters=options.parameters(parameter),
            only=options.keys(only),
            idempotency_token=idempotency_token,
            skip_unsupported=skip_unsupported,
            strict=strict,
            target=target,
            variables=options.variables(var),
            show="quiet" if quiet else "live",
            keep=keep,
        ),
        as_json=as_json,
    )


def repair(
    run_id: options.RunId,
    tasks: Annotated[
        str | None, typer.Option(help="Rerun these tasks, separated by commas.")
    ] = None,
    all_failed: Annotated[
        bool, typer.Option("--all-failed", help="Rerun all that failed or did not run (default).")
    ] = False,
    rerun_dependents: Annotated[
        bool, typer.Option("--rerun-dependents", help="And what depends on them, if it succeeded.")
    ] = False,
    parameter: options.Parameters = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    keep: options.Keep = None,
) -> None:
    """Take a finished or lost run up again: what failed and what hangs on it, nothing else."""
    from nbkit import api
    from nbkit.errors import UsageError

    if tasks is not None and all_failed:
        raise UsageError("give either --tasks or --all-failed, not both")
    _end(
        api.repair(
            run_id,
            tasks=options.keys(tasks),
            rerun_dependents=rerun_dependents,
            parameters=options.parameters(parameter),
            show="quiet" if quiet else "live",
            keep=keep,
        ),
        as_json=as_json,
    )


def _end(finished: Run, *, as_json: bool) -> None:
    if as_json:
        print_document(finished.record)
    raise typer.Exit(exit_status.of_result(finished.result_state))


def validate(
    job: options.AnyJob = None,
    target: options.Target = None,
    var: options.Variables = None,
    strict: options.Strict = False,
    as_json: options.Json = False,
) -> None:
    """Check a job file and say every problem at once."""
    from nbkit import api
    from nbkit.report import tables

    job = options.job_of(job)
    problems = api.validate(job, strict=strict, target=target, variables=options.variables(var))
    valid = not any(problem.severity == "error" for problem in problems)
    if as_json:
        listed = [
            {"pointer": found.pointer, "message": found.message, "severity": found.severity}
            for found in problems
        ]
        print_document({"valid": valid, "problems": listed})
    else:
        tables.print_problems(problems, job)
    raise typer.Exit(exit_status.SUCCEEDED if valid else exit_status.USAGE)


def explain(
    job: options.AnyJob = None,
    parameter: options.Parameters = None,
    only: options.Only = None,
    target: options.Target = None,
    var: options.Variables = None,
) -> None:
    """Show what would run, in what order, with what values; run nothing."""
    from nbkit import api
    from nbkit.report import tables

    tables.print_steps(
        api.explain(
            options.job_of(job),
            parameters=options.parameters(parameter),
            only=options.keys(only),
            target=target,
            variables=options.variables(var),
        )
    )
