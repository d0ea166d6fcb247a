"""What a job says about the cluster and the environment of a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbkit.spark.conf import split_conf, split_env

if TYPE_CHECKING:
    from nbkit.graph.compute import ClusterSpec
    from nbkit.graph.model import Job, Task


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a notebook's kernel and Spark session get of a task's compute.

    Attributes:
        spark_conf: settings of the session.
        env: environment variables of the kernel.
        notes: what the job asks for and does not get, one line each, with the reason.
    """

    spark_conf: dict[str, str]
    env: dict[str, str]
    notes: tuple[str, ...]


def surroundings(job: Job, task: Task) -> Surroundings:
    """Return what the job says about a task's cluster and environment, as far as it counts."""
    cluster = _cluster(job, task)
    variables = dict((cluster.spark_env_vars if cluster else None) or {})
    for named in job.environment_variables:
        if named.environment_variables_key == task.environment_variables_key and named.spec:
            variables.update(named.spec.variables or {})
    conf = split_conf((cluster.spark_conf if cluster else None) or {})
    env = split_env(variables)
    return Surroundings(conf.honoured, env.honoured, conf.notes + env.notes)


def _cluster(job: Job, task: Task) -> ClusterSpec | None:
    """Return the cluster that is defined in the job; of an existing one nothing is known."""
    if task.new_cluster is not None:
        return task.new_cluster
    for shared in job.job_clusters:
        if shared.job_cluster_key == task.job_cluster_key:
            return shared.new_cluster
    return None
