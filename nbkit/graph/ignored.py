"""What a job says for Databricks alone: named once, so that nobody relies on it here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.graph.fields import Part
from nbkit.graph.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.graph.model import Job

_OF_JOBS = (
    "git_source",
    "run_as",
    "permissions",
    "budget_policy_id",
    "usage_policy_id",
    "performance_target",
    "job_clusters",
    "environments",
    "environment_variables",
    "tags",
)
_OF_TASKS = ("new_cluster", "existing_cluster_id", "libraries")
_REMARKS = {
    "of clusters, spark_conf and spark_env_vars count": {"job_clusters", "new_cluster"},
    "spark_env_vars of a cluster say what is set here": {"environment_variables"},
    "tags show on Databricks' bills": {"tags"},
    "what is to be installed is looked for, not installed": {"environments", "libraries"},
}


def ignored(job: Job) -> Iterator[Finding]:
    """Yield one note of all the fields that a job has and that mean nothing here."""
    tasks = [task.inner for task in job.tasks]
    names = [name for name in _OF_JOBS if is_filled(getattr(job, name))]
    names += [name for name in _OF_TASKS if any(is_filled(getattr(task, name)) for task in tasks)]
    if names:
        remarks = [text for text, fields in _REMARKS.items() if fields & set(names)]
        text = "; ".join([f"ignored here: {', '.join(names)}", *remarks])
        yield Finding((), text, "note")


def is_filled(value: object) -> bool:
    """Say whether a field says something; an empty block does not."""
    return bool(value.model_fields_set) if isinstance(value, Part) else bool(value)
