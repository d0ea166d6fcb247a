"""Commands about runs: runs, show, cancel, review, diff."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from nbkit.cli import options
from nbkit.cli.browser import open_in_browser
from nbkit.cli.streams import print_document


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
        print_document({"runs": found})
    else:
        tables.print_runs(found)


def show(run_id: options.RunId, as_json: options.Json = False) -> None:
    """Show one run: its tasks, what failed and why, where the notebooks are."""
    from nbkit import api
    from nbkit.report import tables

    run = api.show(run_id)
    if as_json:
        print_document(run.record)
    else:
        notebooks = api.near(run.directory) if run.directory.is_dir() else ""
        report = api.near(run.report) if run.report.is_file() else ""
        tables.print_run(run.record, notebooks=notebooks, report=report)


def cancel(run_id: options.RunId) -> None:
    """End a run that is going on: its notebooks are interrupted, then killed."""
    from nbkit import api

    typer.echo(api.cancel(run_id), err=True)


def review(
    run_id: Annotated[
        int | None, typer.Argument(help="The run; without it, the index of all runs.")
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help="The output notebook of this task; of an iteration, KEY[NUMBER]."),
    ] = None,
    no_open: options.NoOpen = False,
) -> None:
    """Write the HTML report of a run, or the index of runs, and open it if this is a terminal."""
    from nbkit import api

    page = api.review(run_id, task=task)
    typer.echo(page)
    if sys.stdout.isatty() and not no_open:
        open_in_browser(page.as_uri())


def diff(
    run_a: Annotated[int, typer.Argument(help="The run to start from.")],
    run_b: Annotated[int, typer.Argument(help="The run to compare with it.")],
    task: Annotated[str | None, typer.Option(help="Compare only this task.")] = None,
    as_json: options.Json = False,
) -> None:
    """Show what changed between two runs: tasks, values, rows, expectations and notebook cells."""
    from nbkit import api
    from nbkit.report import diff
    from nbkit.report.consoles import output_console

    found, page = api.diff(run_a, run_b, task=task)
    if as_json:
        print_document(diff.as_document(found))
    else:
        diff.print_diff(found, output_console())
        typer.echo(f"page  {api.near(page)}", err=True)
