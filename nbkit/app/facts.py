"""What triggers are decided from: read from the ledger, from folders, from logs of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from nbkit import on_disk
from nbkit.app.deployed import file_of
from nbkit.app.storage import files_in, in_warehouse, is_remote, session_name, version_of
from nbkit.graph.address import Address
from nbkit.rules.triggers.deciding import Completion, Facts, Own
from nbkit.spark.table_places import kept, refreshed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbkit.ledger.deployed import DeployedJob
    from nbkit.ledger.watching import Watches
    from nbkit.rules.triggers.deciding import Version
    from nbkit.rules.triggers.kinds import Trigger
    from nbkit.settings import Settings

_NEAR_SECONDS = 2
FAR_SECONDS = 60

Outside = dict[str, Any]
"""Fields of `Facts` that are not in the ledger."""


def look_every(trigger: Trigger, settings: Settings) -> float:
    """Return after how many seconds to look again at what is outside; 0 for nothing there."""
    wanted = cast("Any", trigger.settings)
    match trigger.kind:
        case "file_arrival":
            return FAR_SECONDS if is_remote(wanted.url) else _NEAR_SECONDS
        case "table_update":
            own = kept(settings)
            places = [
                own.get(session_name(name, settings), settings.spark.warehouse)
                for name in wanted.table_names
            ]
            return FAR_SECONDS if any(map(is_remote, places)) else _NEAR_SECONDS
    return 0


def outside(trigger: Trigger, job: DeployedJob, settings: Settings) -> Outside:
    """Look at folders and tables; that may take a while.

    Raises:
        UsageError: they cannot be looked at.
    """
    wanted = cast("Any", trigger.settings)
    if trigger.kind == "file_arrival":
        file = file_of(job, settings.root)
        folder = file.parent if file else settings.root
        return {"files": files_in(wanted.url, folder, settings)}
    names: Sequence[str] = wanted.table_names
    found = [session_name(name, settings) for name in names]
    places = refreshed({name: str(in_warehouse(name, settings)) for name in found}, settings)
    versions: dict[str, Version | None] = {
        name: version_of(name, settings, places) for name in names
    }
    return {"versions": versions}


def facts_of(
    trigger: Trigger,
    job: DeployedJob,
    watches: Watches,
    now: int,
    *,
    since: int,
    jobs: Sequence[DeployedJob],
    seen: Outside,
) -> Facts:
    """Return what is known now.

    Args:
        trigger: which.
        job: whose.
        watches: of the ledger.
        now: the time by the clock of the ledger.
        since: when the job was deployed, or what starts it was resumed.
        jobs: all that are deployed.
        seen: what `outside` returned.
    """
    wanted = cast("Any", trigger.settings)
    more: Outside = dict(seen)
    if trigger.kind == "job_completion":
        names = [each.job_id for each in wanted.jobs]
        more["completions"] = _completions(names, job, jobs, watches)
    if trigger.kind in ("table_update", "continuous"):
        more["own"] = _own(trigger, job, watches)
    if trigger.kind == "continuous":
        more["active"] = watches.is_active(job.job_id)
    return Facts(now, since, **more)


def _own(trigger: Trigger, job: DeployedJob, watches: Watches) -> Own | None:
    last = watches.last_firing(job.job_id, trigger.key)
    if last is None or last.run_id is None:
        return None
    end = watches.end_of(last.run_id)
    return Own(last.run_id, end.at, end.result) if end else Own(last.run_id)


def _completions(
    names: Sequence[str], of: DeployedJob, jobs: Sequence[DeployedJob], watches: Watches
) -> dict[str, tuple[Completion, ...]]:
    found = {}
    for name in names:
        job_id = _meant(name, of, jobs)
        if job_id is not None:
            found[name] = tuple(Completion._make(each) for each in watches.ends_of_job(job_id))
    return found


def _meant(name: str, of: DeployedJob, jobs: Sequence[DeployedJob]) -> int | None:
    """Return the id of the job that a trigger names: by its id, its key in the bundle, its name."""
    tests: tuple[Callable[[DeployedJob], bool], ...] = (
        lambda job: name.isdecimal() and job.job_id == int(name),
        lambda job: _place(job) == (_place(of)[0], of.target, name) and bool(of.source),
        lambda job: job.name == name,
    )
    for is_it in tests:
        fits = [job.job_id for job in jobs if is_it(job)]
        if len(fits) == 1:
            return fits[0]
    return None


def _place(job: DeployedJob) -> tuple[str, str, str | None]:
    address = Address.parse(job.source)
    file, key = address.split(lambda path: on_disk.is_there(on_disk.place(path)))
    return file, job.target, key
