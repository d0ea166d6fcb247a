"""`validate` of a bundle looks at all that is in it; `run` by itself takes the only job."""

from __future__ import annotations

import json

import pytest

BUNDLE = """
bundle: {name: shop}
include: [resources/*.yml]
resources:
  jobs:
    good:
      name: good
      tasks: [{task_key: a, condition_task: {left: "1", op: EQUAL_TO, right: "1"}}]
"""
BAD_JOB = """
resources:
  jobs:
    bad:
      name: bad
      tasks: [{task_key: load, notebook_task: {notebook_path: ./nothing.ipynb}}]
"""
BAD_PIPELINE = """
resources:
  pipelines:
    orders:
      name: orders
      libraries: [{file: {path: ./nothing.py}}]
"""
GOOD = {
    "name": "job",
    "tasks": [{"task_key": "a", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}],
}


@pytest.fixture
def bundle(project):
    """A bundle with a good job; `add` writes a file that it includes."""
    project.write("databricks.yml", BUNDLE)
    (project.root / "resources").mkdir()
    return lambda name, text: project.write(f"resources/{name}", text)


def problems(nbkit, *arguments) -> dict[str, str]:
    document = json.loads(nbkit("validate", *arguments, "--json").out)
    return {each["pointer"]: each["message"] for each in document["problems"]}


def test_all_jobs_and_pipelines_of_a_bundle_are_checked(bundle, nbkit):
    """As `bundle validate` does; each problem says in which it is."""
    bundle("bad.yml", BAD_JOB)
    bundle("orders.yml", BAD_PIPELINE)

    found = problems(nbkit, "databricks.yml")

    assert (
        "There is no notebook" in found["resources.jobs.bad.tasks[0].notebook_task.notebook_path"]
    )
    assert "there is no" in found["resources.pipelines.orders.libraries[0].file.path"]
    assert nbkit("validate", "databricks.yml").status == 2
    assert nbkit("validate", "databricks.yml:good").status == 0


def test_a_bundle_without_faults_is_valid(bundle, nbkit):
    """With one job, or with several."""
    assert nbkit("validate", "databricks.yml").status == 0
    bundle(
        "more.yml",
        BAD_JOB.replace(
            "notebook_task: {notebook_path: ./nothing.ipynb}",
            "condition_task: {left: '1', op: EQUAL_TO, right: '1'}",
        ),
    )

    assert problems(nbkit, "databricks.yml") == {}


def test_a_fault_in_an_included_file_names_it(bundle, nbkit):
    """And the line in it."""
    bundle("broken.yml", "resources: [\n")

    said = nbkit("validate", "databricks.yml")

    assert said.status == 2
    assert "in resources/broken.yml: " in said.out


def test_without_a_name_the_only_job_of_the_folder_is_meant(project, nbkit):
    """Other files of JSON and YAML are none."""
    project.write("data.json", [1])
    project.write("settings.yaml", "a: 1")
    assert "there is no job file in this folder" in nbkit("run").err
    project.write("job.json", GOOD)

    for command in ("validate", "explain", "run"):
        assert nbkit(command).status == 0


def test_of_several_jobs_one_has_to_be_named(project, bundle, nbkit):
    """The message lists them as they are to be named; those of a bundle once."""
    bundle("bad.yml", BAD_JOB)
    project.write("job.json", GOOD)

    said = nbkit("run")

    assert said.status == 2
    assert "3 jobs: say which of databricks.yml:good, databricks.yml:bad, job.json" in said.err


def test_mail_that_nobody_sends_is_told_beforehand(project, nbkit):
    """With what to set."""
    project.write("job.json", {**GOOD, "email_notifications": {"on_failure": ["me@x.org"]}})

    said = nbkit("validate", "job.json").out

    assert "no mail goes to me@x.org: [notify] in nbkit.toml has no email" in said
