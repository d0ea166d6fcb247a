"""Where the jobs are in a file: alone, wrapped as the API wraps them, or in a bundle."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from nbkit.graph.bundle import is_bundle
from nbkit.graph.findings import Finding, Loc, pointer
from nbkit.graph.kinds import KINDS
from nbkit.near import hint

if TYPE_CHECKING:
    from collections.abc import Mapping

_WRAPPERS = ("settings", "new_settings")
_SUBMITTED = {"run_name": "name", "access_control_list": "permissions"}
_OF_ONE_CALL = ("idempotency_token",)
_OF_TASKS = {
    *KINDS,
    *("new_cluster", "existing_cluster_id", "libraries", "timeout_seconds"),
    *("max_retries", "min_retry_interval_millis", "retry_on_timeout"),
}
_NOT_OF_KEYS = re.compile(r"[^\w-]+", re.ASCII)
_LONGEST_KEY = 100


class DefinedJob(NamedTuple):
    """The settings of one job, and the way to them from the top of the file."""

    settings: Any
    loc: Loc = ()


def bundled_jobs(document: Any) -> dict[str, DefinedJob] | None:
    """Return the jobs of a bundle by key; None if the document is one job by itself."""
    if not is_bundle(document):
        return None
    resources = document.get("resources")
    jobs = resources.get("jobs") if isinstance(resources, dict) else None
    if not isinstance(jobs, dict):
        return {}
    return {key: DefinedJob(settings, ("resources", "jobs", key)) for key, settings in jobs.items()}


def choose(
    document: Any, job_key: str | None, elsewhere: Mapping[str, list[str]] | None = None
) -> DefinedJob | Finding:
    """Return the job that is meant, or what keeps us from knowing it.

    Args:
        document: the file's, with a bundle's target already in it.
        job_key: which job of a bundle.
        elsewhere: keys of jobs that targets have → the names of those.
    """
    if document is None or document in ("", {}):
        return Finding((), "the file is empty: a job with tasks is needed")
    if not isinstance(document, dict):
        kind = "a list" if isinstance(document, list) else "a single value"
        return Finding((), f"a job is an object, not {kind}")
    jobs = bundled_jobs(document)
    found = (
        _alone(document, job_key) if jobs is None else _of_bundle(jobs, job_key, elsewhere or {})
    )
    if isinstance(found, DefinedJob) and not isinstance(found.settings, dict):
        return Finding((), f"{pointer(found.loc)} holds no job: it must be an object")
    return found


def _alone(document: dict[str, Any], job_key: str | None) -> DefinedJob | Finding:
    found = DefinedJob(document)
    wrapper = next((name for name in _WRAPPERS if name in document), None)
    if "tasks" not in document and wrapper:
        found = DefinedJob(document[wrapper], (wrapper,))
    elif "run_name" in document:
        found = DefinedJob(_of_submission(document))
    if isinstance(found.settings, dict):
        found = found._replace(settings=_with_tasks(found.settings))
    name = found.settings.get("name") if isinstance(found.settings, dict) else None
    if job_key is not None and job_key != name:
        return Finding((), f"the file is a single job; it has no jobs by key, so no {job_key}")
    return found


def _of_submission(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of `runs/submit` as the job that it is but for a few names."""
    return {
        _SUBMITTED.get(name, name): value
        for name, value in body.items()
        if name not in _OF_ONE_CALL
    }


def _with_tasks(settings: dict[str, Any]) -> dict[str, Any]:
    """Return a job of the API 2.0, whose only task has its fields at the job's top.

    Its task gets the job's name as its key.
    """
    if "tasks" in settings or not any(name in settings for name in KINDS):
        return settings
    name = str(settings.get("name") or "task")
    key = _NOT_OF_KEYS.sub("_", name)[:_LONGEST_KEY]
    task = {field: settings[field] for field in settings if field in _OF_TASKS}
    rest = {field: value for field, value in settings.items() if field not in task}
    return rest | {"tasks": [{"task_key": key, **task}]}


def _of_bundle(
    jobs: dict[str, DefinedJob], job_key: str | None, elsewhere: Mapping[str, list[str]]
) -> DefinedJob | Finding:
    wanted = elsewhere if job_key is None else {job_key: elsewhere.get(job_key, [])}
    names = sorted({name for names in wanted.values() for name in names})
    if names and (not jobs if job_key is None else job_key not in jobs):
        which = f"job {job_key} is" if job_key else f"its jobs {', '.join(elsewhere)} are"
        message = f"{which} only in targets: {', '.join(names)}; say which with --target"
        return Finding(("resources", "jobs"), message)
    if not jobs:
        return Finding(("resources", "jobs"), "the bundle declares no jobs here")
    if job_key is not None:
        missing = f"the bundle has no job {job_key}{hint(job_key, jobs)}"
        return jobs.get(job_key) or Finding(("resources", "jobs"), missing)
    if len(jobs) > 1:
        keys = ", ".join(jobs)
        message = (
            f"the bundle has {len(jobs)} jobs: {keys}; say which, as in FILE:{next(iter(jobs))}"
        )
        return Finding(("resources", "jobs"), message)
    return next(iter(jobs.values()))
