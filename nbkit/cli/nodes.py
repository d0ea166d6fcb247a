"""Commands of a team: work, gc."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from nbkit.cli import exit_status


def work(
    at_once: Annotated[int, typer.Option(min=1, help="As many runs as this at the same time.")] = 1,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End as soon as no planned run is left.")
    ] = False,
    run: Annotated[
        int | None, typer.Option(help="Drive this planned run alone, and end with it.")
    ] = None,
    fence: Annotated[int | None, typer.Option(help="Of the node that took it.")] = None,
) -> None:
    """Take planned runs (`nbkit run --plan`) from the ledger and drive them, until told to stop."""
    from nbkit import api

    if run is None:
        api.work(at_once=at_once, until_idle=until_idle, tell=partial(typer.echo, err=True))
        return
    finished = api.drive(run, fence=fence, show="quiet")
    raise typer.Exit(exit_status.of_result(finished.result_state))


def gc(
    keep: Annotated[str, typer.Option(help="Keep runs that ended less than this ago, as 90d.")],
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is old.")] = False,
) -> None:
    """Remove old runs of this project: from the ledger, from this machine and from the store."""
    import sys

    from nbkit import api

    old = api.old_runs(keep)
    for run_id, job in old:
        typer.echo(f"run {run_id} of {job}")
    if not old:
        typer.echo(f"no run ended more than {keep} ago", err=True)
        return
    places = f"from {api.places_of_runs()}"
    asked = not (yes or dry_run) and sys.stdin.isatty()
    if dry_run or not (yes or asked):
        typer.echo(f"{len(old)} to be removed {places}; nothing is without --yes", err=True)
        return
    if asked and not typer.confirm(f"Remove these {len(old)} for good, {places}?", err=True):
        return
    removed = sum(api.remove(run_id) for run_id, _ in old)
    typer.echo(f"{removed} removed {places}", err=True)
