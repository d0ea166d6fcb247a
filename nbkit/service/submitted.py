"""Settings of jobs as requests have them, in the shape of today's: pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbkit.graph.kinds import KINDS
from nbkit.service.refusals import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_THE_TASK = (
    *KINDS,
    "existing_cluster_id",
    "new_cluster",
    "libraries",
    "environment_key",
    "job_cluster_key",
    "max_retries",
    "min_retry_interval_millis",
    "retry_on_timeout",
)
_NOT_OF_THE_JOB = ("access_control_list", "idempotency_token", "run_name", "tasks")
_NAME = "Untitled"
_UNFIT = re.compile(r"[^\w-]", re.ASCII)
_LONGEST_KEY = 100


def job_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of the job that `runs/submit` describes.

    Raises:
        Refusal: it has no task.
    """
    settings = {name: value for name, value in request.items() if name not in _NOT_OF_THE_JOB}
    settings["name"] = request.get("run_name") or _NAME
    if "tasks" in request:
        settings["tasks"] = request["tasks"]
    made = with_tasks(settings)
    if not made.get("tasks"):
        raise invalid("A run needs tasks.")
    return made


def with_tasks(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings whose only task may stand at their top, as in version 2.0, in `tasks`.

    The task has the name of the run or job, by which Airflow's operators look for it.
    """
    kinds = [name for name in KINDS if settings.get(name) is not None]
    if settings.get("tasks") or not kinds:
        return dict(settings)
    task = {name: settings[name] for name in _OF_THE_TASK if name in settings}
    made = {name: value for name, value in settings.items() if name not in _OF_THE_TASK}
    made.pop("format", None)
    key = _UNFIT.sub("_", str(settings.get("name") or _NAME))[:_LONGEST_KEY]
    return {**made, "tasks": [{"task_key": key, **task}]}
