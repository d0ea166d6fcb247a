"""What of a job's clusters reaches a notebook on this machine."""

from __future__ import annotations

import json

import pytest

from nbkit.graph.load import parse_job
from nbkit.tasks.compute import surroundings

CLUSTER = {
    "spark_version": "16.4.x-scala2.12",
    "num_workers": 2,
    "spark_conf": {"spark.sql.ansi.enabled": "false", "spark.executor.memory": "8g"},
    "spark_env_vars": {"STAGE": "dev", "SPARK_HOME": "/opt"},
}


def parsed(task, **settings):
    task = {"task_key": "a", "notebook_task": {"notebook_path": "a"}, **task}
    job = parse_job(json.dumps({"tasks": [task], **settings})).job
    return job, job.tasks[0]


@pytest.mark.parametrize(
    ("task", "settings"),
    [
        ({"new_cluster": CLUSTER}, {}),
        (
            {"job_cluster_key": "shared"},
            {"job_clusters": [{"job_cluster_key": "shared", "new_cluster": CLUSTER}]},
        ),
    ],
)
def test_settings_of_the_tasks_cluster_count(task, settings):
    """Its own or a shared one; what cannot be honoured is said."""
    found = surroundings(*parsed(task, **settings))

    assert found.spark_conf == {"spark.sql.ansi.enabled": "false"}
    assert found.env == {"STAGE": "dev"}
    assert [note.split()[0] for note in found.notes] == ["spark.executor.memory", "SPARK_HOME"]


@pytest.mark.parametrize("task", [{}, {"existing_cluster_id": "1234-567"}])
def test_of_other_clusters_nothing_is_known(task):
    """A task without a cluster runs all the same."""
    found = surroundings(*parsed(task))

    assert (found.spark_conf, found.env, found.notes) == ({}, {}, ())


def test_environment_variables_of_the_task_win_over_its_clusters():
    """The nearer definition counts."""
    variables = {
        "environment_variables_key": "vars",
        "spec": {"variables": {"STAGE": "prod", "REGION": "eu"}},
    }
    job, task = parsed(
        {"new_cluster": CLUSTER, "environment_variables_key": "vars"},
        environment_variables=[variables],
    )

    assert surroundings(job, task).env == {"STAGE": "prod", "REGION": "eu"}
