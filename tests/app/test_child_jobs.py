"""Jobs find the jobs that they run, and never run in a circle."""

from __future__ import annotations

import json

import pytest

from nbkit.app.child_jobs import child_of
from nbkit.app.definition import read
from nbkit.app.loading import load, problems
from nbkit.errors import DefinitionError, UsageError


def job(*calls, name="job"):
    tasks = [
        {"task_key": f"t{place}", "run_job_task": {"job_id": named}}
        for place, named in enumerate(calls)
    ]
    done = {"task_key": "done", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}
    return {"name": name, "tasks": tasks or [done]}


@pytest.fixture
def project(tmp_path):
    (tmp_path / "nbkit.toml").write_text("")
    (tmp_path / "sub").mkdir()
    write(tmp_path, "leaf.json", job(name="The leaf"))
    write(tmp_path, "sub/leaf.json", job("../leaf.json"))
    bundle = {"resources": {"jobs": {"a": job("b"), "b": job(name="Job B")}}}
    write(tmp_path, "bundle.json", bundle)
    return tmp_path


def write(folder, name, document):
    (folder / name).write_text(json.dumps(document))
    return folder / name


@pytest.mark.parametrize(
    ("parent", "named", "found"),
    [
        ("leaf.json", "sub/leaf.json", "sub/leaf.json"),
        ("leaf.json", "bundle.json:b", "bundle.json:b"),
        ("bundle.json:a", "b", "bundle.json:b"),
        ("leaf.json", "Job B", "bundle.json:b"),
        ("sub/leaf.json", "../leaf.json", "leaf.json"),
    ],
)
def test_jobs_are_found_by_file_key_and_name(project, parent, named, found):
    """Files relative to the job's own; keys in the same bundle; names in the same folder."""
    child = child_of(read(project / parent), named, read)

    assert child.source == str(project / found)


def test_jobs_are_found_by_number(project):
    """The one that `nbkit runs` shows; of jobs elsewhere the ledger knows it."""
    parent, leaf = read(project / "bundle.json:a"), read(project / "leaf.json")
    below = read(project / "sub/leaf.json")
    number, other = leaf.job_id(project), below.job_id(project)

    assert child_of(parent, number, read).source == leaf.source
    assert child_of(parent, str(number), read).source == leaf.source
    with pytest.raises(UsageError):
        child_of(parent, other, read)
    assert child_of(parent, other, read, {other: below.source}).source == below.source


def test_a_reference_of_a_bundle_leads_to_its_job(project):
    """`${resources.jobs.b.id}` is the job `b`, in the same target."""
    linked = {"resources": {"jobs": {"a": job("${resources.jobs.b.id}"), "b": job()}}}
    write(project, "linked.json", linked)

    parent = load(project / "linked.json:a")
    (named,) = (task.run_job_task.job_id for task in parent.graph.job.tasks)
    assert child_of(parent, named, read).job_key == "b"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a": ["a.json"]}, "a.json → a.json"),
        ({"a": ["b.json"], "b": ["a.json"]}, "a.json → b.json → a.json"),
        ({"a": ["b.json"], "b": ["leaf.json", "c.json"], "c": ["b.json"]}, "b.json → c.json → b"),
    ],
)
def test_circles_are_refused_before_anything_runs(project, files, message):
    """With the way that they take, at the task that leads into it."""
    for name, calls in files.items():
        write(project, f"{name}.json", job(*calls))

    with pytest.raises(DefinitionError, match=message) as caught:
        load(project / "a.json")
    (problem,) = caught.value.problems
    assert problem.pointer == "tasks[0].run_job_task.job_id"
    assert problems(project / "a.json") == (problem,)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("laef.json", "there is no job laef.json beside"),
        ("The laef", "nearest: The leaf"),
        ("bundle.json", "the bundle has 2 jobs"),
        ("broken.json", "broken.json cannot run: .*task_key"),
        ("sub/above.json", "in job above.json: there is no job nowhere"),
    ],
)
def test_jobs_that_cannot_run_are_problems(project, named, message):
    """At any depth."""
    write(project, "broken.json", {"name": "x", "tasks": [{"description": "no key"}]})
    write(project, "sub/above.json", job("nowhere"))
    write(project, "a.json", job(named))

    with pytest.raises(DefinitionError, match=message):
        load(project / "a.json")


def test_diamonds_are_no_circles(project):
    """Two ways to one job; a number or a reference is looked up when the task runs."""
    write(project, "b.json", job("leaf.json"))
    write(project, "a.json", job("b.json", "leaf.json", 12345, "{{job.name}}"))

    assert load(project / "a.json").graph.keys
