"""The command about times: when jobs are to start by themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from nbkit.cli import options
from nbkit.cli.streams import print_document


def jobs(
    job: Annotated[
        str, typer.Argument(help="A job file or a bundle; FILE:job_key for one of several.")
    ],
    count: Annotated[
        int, typer.Option("--next", min=1, help="How many of the next times of each job.")
    ] = 5,
    start: Annotated[
        str, typer.Option("--from", metavar="TIME", help="Only times after this one (ISO 8601).")
    ] = "",
    target: options.Target = None,
    var: options.Variables = None,
    as_json: options.Json = False,
) -> None:
    """Show when jobs are to start by themselves; times are in UTC."""
    from nbkit.app.planned import planned
    from nbkit.report.tables import print_planned

    moment = _moment(start) if start else datetime.now(UTC)
    found = planned(job, count, moment, target=target, variables=options.variables(var))
    if not as_json:
        print_planned([(each.name, each.next, each.paused) for each in found])
        return
    listed = [
        {"name": each.name, "next": [f"{time:%Y-%m-%dT%H:%M:%SZ}" for time in each.next]}
        for each in found
    ]
    print_document({"jobs": listed})


def _moment(text: str) -> datetime:
    from nbkit.errors import UsageError

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--from {text}: a time is given as 2026-11-30T08:00:00Z") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
