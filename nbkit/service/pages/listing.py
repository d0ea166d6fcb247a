"""Jobs as lists show them: deployed ones with what starts them next, files of jobs, latest runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.api.deployed import deployed_jobs
from nbkit.api.watching import Wanted
from nbkit.app.deployed import file_of
from nbkit.app.overview import expected, missing_file, state_of
from nbkit.app.waiting import waits_of_runs
from nbkit.graph.pausing import starts_by_itself
from nbkit.ledger.database import is_there
from nbkit.report.view import run_view
from nbkit.service.pages.shown import is_live

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbkit.app.decided import KnownJob
    from nbkit.app.job_files import JobFile
    from nbkit.app.waiting import Wait
    from nbkit.ledger.deployed import DeployedJob
    from nbkit.ledger.watching import Fired
    from nbkit.report.view import RunView
    from nbkit.service.project import Project

_LATEST = 20
_LINES_KEPT = 1000
_WORDS = {
    "file_arrival": "on new files",
    "table_update": "on table updates",
    "job_completion": "after other jobs",
    "continuous": "continuously",
}
_AT_WORK = ("RUNNING", "TERMINATING")


def listing(project: Project) -> dict[str, Any]:
    """Return the deployed jobs, and the latest runs of all."""
    if not is_there(project.settings.ledger_url):  # to look at it would make it
        return {"jobs": [], "runs": []}
    jobs = deployed_jobs(settings=project.settings)
    watches = project.watch.ledger().watches
    now, fired = watches.now(), watches.last_firings()
    ordered = sorted(jobs, key=lambda job: (job.name, job.target, job.job_id))
    lines = [
        {**_deployed(project, known.job, fired), **_expected(known, waits, project, now)}
        for known, waits in project.waits.of(ordered, watches)
    ]
    latest = project.watch.runs(Wanted(most=_LATEST))
    return {"jobs": lines, "runs": [_run_line(project, run_id) for run_id in latest]}


def side_bar(project: Project) -> dict[str, Any]:
    """Return what the side bar shows: deployed jobs, the files of others, runs that go on."""
    found, settings = listing(project), project.settings
    deployed = {line["id"] for line in found["jobs"]}
    kept = is_there(settings.ledger_url)
    going = project.watch.runs(Wanted(active=True)) if kept else []
    return {
        "name": settings.root.name,
        "jobs": found["jobs"],
        "files": [
            _of_file(project, each, kept=kept)
            for each in project.job_files.all()
            if each.job_id not in deployed
        ],
        "runs": [_run_line(project, run_id) for run_id in going],
    }


def _deployed(
    project: Project, job: DeployedJob, fired: Mapping[tuple[int, str], Fired]
) -> dict[str, Any]:
    file = file_of(job, project.settings.root)
    mine = (each for (job_id, _), each in fired.items() if job_id == job.job_id)
    last = max(mine, key=lambda each: each.at, default=None)
    return {
        "id": job.job_id,
        "name": job.name,
        "target": job.target,
        "automatic": starts_by_itself(job.settings),
        "paused": job.paused,
        "missing": missing_file(job, project.settings.root),
        "note": last.message if last else "",
        "source": job.source,
        "path": project.lab_path(file) if file else "",
    }


def _expected(known: KnownJob, waits: Sequence[Wait], project: Project, now: int) -> dict[str, Any]:
    """Return what a job does, what starts it when, what it waits for: the rules of `nbkit jobs`."""
    job, awaited = known.job, expected(known, project.watch.ledger().watches, now)
    latest = project.watch.runs(Wanted(job_id=job.job_id, most=1))
    going = project.watch.runs(Wanted(job_id=job.job_id, active=True))
    records = [project.watch.record(run_id) for run_id in sorted({*latest, *going}, reverse=True)]
    lives = {_life(project, run_id) for run_id in going}
    return {
        "state": state_of(job, awaited.triggers, lives),
        "next": int(awaited.next[0].timestamp() * 1000) if awaited.next else 0,
        "starts": ", ".join(_WORDS[kind] for kind in awaited.triggers if kind in _WORDS),
        "waits": [str(each) for each in (*waits_of_runs(records), *waits)],
        "last": _run_line(project, latest[0]) if latest else None,
    }


def _life(project: Project, run_id: int) -> str:
    life = str(project.watch.record(run_id)["state"]["life_cycle_state"])
    return "RUNNING" if life in _AT_WORK else life


def _of_file(project: Project, file: JobFile, *, kept: bool) -> dict[str, Any]:
    known = kept and file.job_id
    latest = project.watch.runs(Wanted(job_id=file.job_id, most=1)) if known else []
    return {
        "id": file.job_id,
        "name": file.name,
        "file": file.path,
        "path": project.lab_path(project.settings.root / file.path),
        "source": file.address,
        "problem": file.problem,
        "last": _run_line(project, latest[0]) if latest else None,
    }


def _run_line(project: Project, run_id: int) -> dict[str, Any]:
    """Return a run in a line; it is made anew only once the run is not as it was."""
    record = project.watch.record(run_id)
    known = project.lines.get(run_id)
    if known is None or known[0] is not record:
        if len(project.lines) > _LINES_KEPT:
            project.lines.clear()
        known = project.lines[run_id] = (record, _line_of(run_id, record))
    return known[1]


def _line_of(run_id: int, record: Mapping[str, Any]) -> dict[str, Any]:
    view = run_view(dict(record))
    look = view.look
    return {
        "id": run_id,
        "job_id": record["job_id"],
        "name": record["run_name"],
        "look": {"glyph": look.glyph, "word": look.word, "tone": look.tone},
        "started": view.started,
        "ended": view.ended,
        "took": view.worked,
        "live": is_live(record),
        "parameters": [list(each) for each in view.parameters],
        "tasks": _tasks(view),
    }


def _tasks(view: RunView) -> list[int]:
    """Return how many tasks are over, and how many there are."""
    return [sum(1 for task in view.tasks if task.ended), len(view.tasks)]
