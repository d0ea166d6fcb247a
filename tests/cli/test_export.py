"""`nbkit export` and `nbkit schema` print one document each."""

from __future__ import annotations

import json

import pytest
import yaml

BUNDLE = """
variables: {day: {default: 1}, limit: }
resources:
  jobs:
    etl:
      name: the job
      tasks:
      - task_key: load
        notebook_task: {notebook_path: load, base_parameters: {day: "${var.day}"}}
      - task_key: gate
        condition_task: {op: LESS_THAN, left: 1, right: "${var.limit}"}
"""


@pytest.fixture
def job(project):
    """A bundle with a notebook."""
    project.notebook("load", "1")
    project.write("databricks.yml", BUNDLE)
    return "databricks.yml:etl"


def test_a_job_as_a_bundle(job, nbkit):
    """YAML by default, with the notebook's suffix; what is undeclared stays, with a warning."""
    status, out, err = nbkit("export", job)
    assert nbkit("export", "databricks.yml").out == out
    tasks = yaml.safe_load(out)["resources"]["jobs"]["etl"]["tasks"]
    assert status == 0
    assert tasks[0]["notebook_task"]["notebook_path"] == "load.ipynb"
    assert tasks[1]["condition_task"] == {"op": "LESS_THAN", "left": "1", "right": "${var.limit}"}
    assert "${var.limit} has no value" in err


def test_a_job_as_settings(job, nbkit):
    """JSON for the API, with what was chosen."""
    answer = nbkit("export", job, "--format", "json", "--var", "day=5", "--var", "limit=7")
    settings = json.loads(answer.out)
    assert (answer.status, settings["name"]) == (0, "the job")
    assert "${" not in answer.err
    assert settings["tasks"][0]["notebook_task"]["base_parameters"] == {"day": "5"}
    assert settings["tasks"][1]["condition_task"]["right"] == "7"


def test_a_faulty_job_is_not_exported(project, nbkit):
    """Status 2 and nothing on standard output."""
    project.write("job.json", {"tasks": []})
    status, out, err = nbkit("export", "job.json")
    assert (status, out, "the job has no tasks" in err) == (2, "", True)


def test_the_schema_is_printed(nbkit):
    """One JSON document."""
    answer = nbkit("schema")
    assert answer.status == 0
    assert json.loads(answer.out)["properties"]["tasks"]
