"""A file becomes a run graph, whatever shape its job has, or says all that is wrong."""

from __future__ import annotations

import json

import pytest
import yaml

from nbkit.errors import DefinitionError
from nbkit.graph.load import parse_job, resource_keys

JOB = {
    "name": "etl",
    "tasks": [{"task_key": "a", "notebook_task": {"notebook_path": "a.ipynb"}}],
}
OTHER = JOB | {"name": "other"}


def bundle(**jobs):
    return {"bundle": {"name": "b"}, "resources": {"jobs": jobs}}


@pytest.mark.parametrize(
    ("document", "job_key"),
    [
        (JOB, None),
        (JOB, "etl"),
        ({"settings": JOB}, None),
        ({"job_id": 1, "settings": JOB, "creator_user_name": "me"}, None),
        ({"job_id": 1, "new_settings": JOB}, None),
        (bundle(x=JOB), None),
        (bundle(x=JOB), "x"),
        (bundle(x=OTHER, y=JOB), "y"),
        ({"resources": {"jobs": {"x": JOB}, "pipelines": {}}}, None),
    ],
)
@pytest.mark.parametrize("source", ["job.json", "databricks.yml", "JOB.YAML"])
def test_a_job_is_found_in_every_shape(document, job_key, source):
    """Bare, wrapped as the API does, or one of a bundle; in JSON and in YAML."""
    text = json.dumps(document) if source == "job.json" else yaml.safe_dump(document)
    parsed = parse_job(text, source=source, job_key=job_key)
    assert parsed.job.name == "etl"
    assert parsed.graph.keys == ("a",)
    assert parsed.document == JOB
    assert (parsed.job_key is not None) == ("resources" in document)
    assert parsed.warnings == ()


SINGLE = {
    "name": "My etl!",
    "notebook_task": {"notebook_path": "a.ipynb"},
    "max_retries": 2,
    "timeout_seconds": 60,
    "new_cluster": {"num_workers": 1},
    "max_concurrent_runs": 3,
}


@pytest.mark.parametrize(
    "document",
    [SINGLE, {"settings": SINGLE}, {"job_id": 1, "new_settings": SINGLE}],
)
def test_a_job_of_the_api_20_has_its_task_at_its_top(document):
    """It becomes the only task, with the fields that tasks have; its key is the job's name."""
    parsed = parse_job(json.dumps(document))
    (task,) = parsed.job.tasks
    assert (task.task_key, task.max_retries, task.timeout_seconds) == ("My_etl_", 2, 60)
    assert task.new_cluster is not None
    assert (parsed.job.name, parsed.job.timeout_seconds) == ("My etl!", 0)
    assert parsed.job.max_concurrent_runs == 3


def test_a_submitted_run_of_the_api_20():
    """The body of `runs/submit`, with one task and no key."""
    body = {"run_name": "once", "spark_python_task": {"python_file": "a.py"}}
    parsed = parse_job(json.dumps(body))
    assert (parsed.job.name, parsed.graph.keys) == ("once", ("once",))


@pytest.mark.parametrize(
    ("document", "job_key", "message"),
    [
        ("", None, "the file is empty: a job with tasks is needed"),
        ("  \n ", None, "the file is empty: a job with tasks is needed"),
        ("\ufeff", None, "the file is empty: a job with tasks is needed"),
        ({}, None, "the file is empty: a job with tasks is needed"),
        ([JOB], None, "a job is an object, not a list"),
        ("5", None, "a job is an object, not a single value"),
        (JOB, "elt", "the file is a single job; it has no jobs by key, so no elt"),
        ({"settings": []}, None, "settings holds no job: it must be an object"),
        (bundle(x=None), None, "resources.jobs.x holds no job: it must be an object"),
        (bundle(), None, "resources.jobs: the bundle declares no jobs here"),
        ({"bundle": {"name": "x"}}, None, "resources.jobs: the bundle declares no jobs here"),
        (
            {"resources": {"jobs": ["a"]}},
            None,
            "resources.jobs: the bundle declares no jobs here",
        ),
        (
            bundle(x=JOB, y=OTHER),
            None,
            "resources.jobs: the bundle has 2 jobs: x, y; say which, as in FILE:x",
        ),
        (
            bundle(ingest=JOB, serve=OTHER),
            "ingst",
            "resources.jobs: the bundle has no job ingst; nearest: ingest",
        ),
        (bundle(x=JOB), "zzz", "resources.jobs: the bundle has no job zzz; known: x"),
        ({"name": "x"}, None, "tasks: the job has no tasks"),
        ({"tasks": []}, None, "tasks: the job has no tasks"),
    ],
)
def test_a_file_without_the_job_says_so(document, job_key, message):
    """One message, with the keys there are or the nearest one."""
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(DefinitionError) as caught:
        parse_job(text, job_key=job_key)
    assert [str(problem) for problem in caught.value.problems] == [message]


def test_places_in_a_bundle_are_those_in_the_job():
    """Pointers start at the job; what is outside of it is named from the top of the file."""
    text = """
resources:
  jobs:
    x:
      tasks:
      - task_key: a
        task_key: b
        notebook_task: {notebook_path: a.ipynb}
  jobs:
    y:
      tasks:
      - {task_key: a, task_key: b, notebook_task: {notebook_path: a.ipynb}}
"""
    warnings = parse_job(text, source="x.yml").warnings
    assert [problem.pointer for problem in warnings] == ["resources.jobs", "tasks[0].task_key"]


def test_keys_of_a_bundle():
    """The keys come in the order of the file; a single job has none."""
    assert resource_keys(json.dumps(bundle(z=JOB, a=JOB)), "jobs", source="x.json") == ("z", "a")
    assert resource_keys(json.dumps(JOB), "jobs", source="x.json") == ()
    assert resource_keys("", "jobs", source="x.yml") == ()
    with pytest.raises(DefinitionError, match="comments are not allowed"):
        resource_keys("// x", "jobs", source="x.json")


@pytest.mark.parametrize(("source", "text"), [("j.json", "{"), ("j.yml", "a: [")])
def test_unreadable_text_is_one_problem(source, text):
    """A file that cannot be read has one problem, with the file's name and the place."""
    with pytest.raises(DefinitionError) as caught:
        parse_job(text, source=source)
    assert len(caught.value.problems) == 1
    assert str(caught.value).startswith(f"{source}:\n")
    assert "(line " in str(caught.value)
    assert caught.value.exit_status == 2


def test_strict_takes_warnings_as_errors():
    """An unknown field lets a job run, but not with `strict`."""
    text = json.dumps(JOB | {"timeout": 5})
    (warning,) = parse_job(text).warnings
    assert warning.severity == "warning"
    with pytest.raises(DefinitionError) as caught:
        parse_job(text, strict=True)
    (error,) = caught.value.problems
    assert (error.severity, error.pointer, error.message) == ("error", "timeout", warning.message)


def test_an_error_brings_the_warnings_along():
    """Everything is said at once: the job's own problems, then task by task."""
    tasks = [
        {"task_key": "a", "max_retries": -2, "notebook_task": {"notebook_path": "a.ipynb"}},
        {"task_key": "b", "colour": 1, "depends_on": [{"task_key": "c"}]},
    ]
    with pytest.raises(DefinitionError) as caught:
        parse_job(json.dumps({"tasks": tasks, "timeout_seconds": "soon", "x": 1}))
    assert [(problem.severity, problem.pointer) for problem in caught.value.problems] == [
        ("error", "timeout_seconds"),
        ("warning", "x"),
        ("error", "tasks[0].max_retries"),
        ("error", "tasks[1]"),
        ("warning", "tasks[1].colour"),
        ("error", "tasks[1].depends_on[0].task_key"),
    ]


def test_deep_nesting_is_refused_without_a_traceback():
    """However deep a file goes, there is one message."""
    deep = "[" * 900 + "]" * 900
    text = json.dumps({"tasks": [5], "x": 0}).replace('"x": 0', f'"x": {deep}')
    with pytest.raises(DefinitionError):
        parse_job(text)
