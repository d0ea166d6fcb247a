"""The command about jobs and times: which are deployed, when they are to start by themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from nbkit.cli import options
from nbkit.cli.streams import print_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbkit.app.overview import Overview

_AT_FIRST = 5


def jobs(
    job: Annotated[
        str | None,
        typer.Argument(
            help="A job file or a bundle, deployed or not; FILE:job_key for one of several."
        ),
    ] = None,
    count: Annotated[
        int | None, typer.Option("--next", min=1, help="How many of the next times of each job.")
    ] = None,
    start: Annotated[
        str, typer.Option("--from", metavar="TIME", help="Only times after this one (ISO 8601).")
    ] = "",
    target: options.Target = None,
    var: options.Variables = None,
    as_json: options.Json = False,
) -> None:
    """List the deployed jobs and what they wait for, or show when a job is to start (in UTC)."""
    if job is None:
        _deployed(1 if count is None else count, as_json=as_json)
        return
    from nbkit.app.planned import planned
    from nbkit.report.tables import print_planned

    moment = _moment(start) if start else datetime.now(UTC)
    count = _AT_FIRST if count is None else count
    found = planned(job, count, moment, target=target, variables=options.variables(var))
    if not as_json:
        print_planned([(each.name, each.next, each.paused) for each in found])
        return
    print_document({"jobs": [{"name": each.name, "next": _spelt(each.next)} for each in found]})


def _deployed(count: int, *, as_json: bool) -> None:
    from nbkit.app.overview import overview
    from nbkit.report.tables import print_deployed
    from nbkit.settings import Settings

    found = overview(Settings.of(), count=count)
    if as_json:
        print_document({"jobs": [_listed(each) for each in found]})
    else:
        print_deployed(found)


def _listed(each: Overview) -> dict[str, object]:
    fired = each.fired
    return {
        "job_id": each.job.job_id,
        "name": each.job.name,
        "target": each.job.target,
        "state": each.state,
        "paused": each.job.paused,
        "triggers": list(each.triggers),
        "next": _spelt(each.next),
        "last_run": each.last,
        "last_firing": None
        if fired is None
        else {"planned_at": fired.planned_at, "at": fired.at, "run_id": fired.run_id}
        | ({"message": fired.message} if fired.message else {}),
        "waits_for": [wait._asdict() for wait in each.waits],
        **({"missing_file": each.missing} if each.missing else {}),
        "source": each.job.source,
        "creator": each.job.creator,
        "editor": each.job.editor,
        "created_time": each.job.created_at,
        "updated_time": each.job.updated_at,
    }


def _spelt(times: Sequence[datetime]) -> list[str]:
    return [f"{time:%Y-%m-%dT%H:%M:%SZ}" for time in times]


def _moment(text: str) -> datetime:
    from nbkit.errors import UsageError

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--from {text}: a time is given as 2026-11-30T08:00:00Z") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
