"""Commands about runs: runs, show, cancel, review."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from nbkit.cli import options


def runs(
    job: Annotated[str | None, typer.Option(help="Only runs of the job with this name.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 20,
    as_json: options.Json = False,
) -> None:
    """List the runs of this project, newest first."""
    from nbkit import api
    from nbkit.report import tables

    found = api.runs(job_name=job, limit=limit)
    if as_json:
        typer.echo(json.dumps({"runs": found}, indent=2, ensure_ascii=False))
    else:
        tables.print_runs(found)


def show(run_id: options.RunId, as_json: options.Json = False) -> None:
    """Show one run: its tasks, what failed and why, where the notebooks are."""
    from nbkit import api
    from nbkit.report import tables

    record = api.show(run_id).record
    if as_json:
        typer.echo(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        tables.print_run(record)


def cancel(run_id: options.RunId) -> None:
    """End a run that is going on: its notebooks are interrupted, then killed."""
    from nbkit import api

    typer.echo(api.cancel(run_id), err=True)


def review(
    run_id: Annotated[
        int | None, typer.Argument(help="The run; without it, the index of all runs.")
    ] = None,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Print the page's path; open no browser.")
    ] = False,
) -> None:
    """Open the HTML report of a run, or the index of runs."""
    from nbkit import api

    page = api.review(run_id)
    typer.echo(page)
    if not no_open:
        import webbrowser

        webbrowser.open(page.as_uri())
