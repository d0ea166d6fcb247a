"""What a field may hold on its own is said in plain words, with the nearest valid name."""

from __future__ import annotations

import json

import pytest

NOTEBOOK = {"notebook_path": "a.ipynb"}
OPS = "EQUAL_TO, NOT_EQUAL, GREATER_THAN, GREATER_THAN_OR_EQUAL, LESS_THAN, LESS_THAN_OR_EQUAL"


@pytest.mark.parametrize(
    ("fields", "pointer", "message"),
    [
        ({"max_retries": -2}, "max_retries", "must be at least -1, not -2"),
        ({"max_retries": "many"}, "max_retries", 'must be a whole number, not "many"'),
        ({"max_retries": 1.5}, "max_retries", "must be a whole number, not 1.5"),
        ({"max_retries": True}, "max_retries", "must be a whole number, not true"),
        ({"timeout_seconds": -1}, "timeout_seconds", "must be at least 0, not -1"),
        (
            {"min_retry_interval_millis": -5},
            "min_retry_interval_millis",
            "must be at least 0, not -5",
        ),
        ({"retry_on_timeout": "maybe"}, "retry_on_timeout", 'must be true or false, not "maybe"'),
        ({"depends_on": "b"}, "depends_on", 'must be a list, not "b"'),
        ({"depends_on": ["b"]}, "depends_on[0]", 'must be an object, not "b"'),
        (
            {"depends_on": [{}]},
            "depends_on[0].task_key",
            "the required field task_key is missing",
        ),
        (
            {"run_if": "ALL_SUCCES"},
            "run_if",
            '"ALL_SUCCES" is not valid here; nearest: ALL_SUCCESS; valid: ALL_SUCCESS, ALL_DONE, ',
        ),
        ({"notebook_task": "a.ipynb"}, "notebook_task", 'must be an object, not "a.ipynb"'),
        ({"notebook_task": {"notebook_path": ""}}, "notebook_task.notebook_path", "not be empty"),
        (
            {"notebook_task": {}},
            "notebook_task.notebook_path",
            "the required field notebook_path is missing",
        ),
        (
            {"notebook_task": NOTEBOOK | {"base_parameters": {"my key": [1, 2]}}},
            'notebook_task.base_parameters["my key"]',
            'must be a string, not a list; write it as JSON text: "[1, 2]"',
        ),
        (
            {"notebook_task": NOTEBOOK | {"base_parameters": {"k": None}}},
            "notebook_task.base_parameters.k",
            "must be a string, not null",
        ),
        (
            {"notebook_task": NOTEBOOK | {"source": "git"}},
            "notebook_task.source",
            '"git" is not valid here; nearest: GIT; valid: WORKSPACE, GIT',
        ),
        (
            {
                "notebook_task": None,
                "condition_task": {"op": "EQUALS_TO", "left": "1", "right": "2"},
            },
            "condition_task.op",
            f'"EQUALS_TO" is not valid here; nearest: EQUAL_TO; valid: {OPS}',
        ),
        (
            {"notebook_task": None, "condition_task": {"op": "==", "left": "1", "right": "2"}},
            "condition_task.op",
            f'"==" is not valid here; valid: {OPS}',
        ),
        (
            {"notebook_task": None, "condition_task": {"op": "EQUAL_TO", "left": "1"}},
            "condition_task.right",
            "the required field right is missing",
        ),
        (
            {"notebook_task": None, "run_job_task": {"job_id": ""}},
            "run_job_task.job_id",
            "must be the number or the name of a job",
        ),
        (
            {"health": {"rules": [{"metric": "RUN_DURATION", "op": "GREATER_THAN", "value": 1}]}},
            "health.rules[0].metric",
            '"RUN_DURATION" is not valid here; nearest: RUN_DURATION_SECONDS',
        ),
        (
            {"webhook_notifications": {"on_start": [{"id": str(n)} for n in range(4)]}},
            "webhook_notifications.on_start",
            "has 4 entries; at most 3 are allowed",
        ),
        ({"task_key": ""}, "task_key", "must not be empty"),
        ({"task_key": None}, "task_key", "the required field task_key is missing"),
    ],
)
def test_a_faulty_field_is_one_problem(problems_of, fields, pointer, message):
    """The place is exact, the words are plain, and nothing else is reported with it."""
    given = {"task_key": "a", "notebook_task": NOTEBOOK} | fields
    (problem,) = problems_of({"tasks": [given]})
    assert problem[:2] == ("error", f"tasks[0].{pointer}")
    assert message in problem[2]


@pytest.mark.parametrize("concurrency", [0, -1, 101])
def test_concurrency_has_a_range(problems_of, concurrency):
    """From 1 to 100 iterations at a time."""
    inner = {"task_key": "i", "notebook_task": NOTEBOOK}
    each = {"inputs": "[1]", "task": inner, "concurrency": concurrency}
    (problem,) = problems_of({"tasks": [{"task_key": "a", "for_each_task": each}]})
    assert problem[1] == "tasks[0].for_each_task.concurrency"
    assert "must be at " in problem[2]


@pytest.mark.parametrize(
    ("settings", "pointer", "message"),
    [
        ({"max_concurrent_runs": 1001}, "max_concurrent_runs", "must be at most 1000, not 1001"),
        ({"name": "x" * 5000}, "name", "has 5000 characters; at most 4096"),
        ({"tags": {str(n): "x" for n in range(26)}}, "tags", "has 26 entries; at most 25"),
        ({"tasks": 5}, "tasks", "must be a list, not 5"),
        ({"parameters": [{"name": "p"}]}, "parameters[0].default", "default is missing"),
        ({"parameters": {"p": 1}}, "parameters", "must be a list, not an object"),
        ({"schedule": {"timezone_id": "UTC"}}, "schedule.quartz_cron_expression", "is missing"),
        ({"queue": True}, "queue", "must be an object, not true"),
    ],
)
def test_fields_of_the_job(problems_of, task, settings, pointer, message):
    """The same holds for the job's own fields."""
    (problem,) = problems_of({"tasks": [task()]} | settings)
    assert problem[:2] == ("error", pointer)
    assert message in problem[2]


def test_more_than_a_thousand_tasks(problems_of, task):
    """A job has at most 1,000 tasks."""
    (problem,) = problems_of({"tasks": [task(f"t{n}") for n in range(1001)]})
    assert problem == ("error", "tasks", "has 1001 entries; at most 1000 are allowed")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("depend_on", "; nearest: depends_on"),
        ("notebookTask", "; nearest: notebook_task"),
        ("Max_Retries", "; nearest: max_retries"),
        ("zzz", ""),
    ],
)
def test_unknown_fields_name_the_nearest(problems_of, task, name, nearest):
    """What the API does not have is a warning, with the field that was probably meant."""
    (problem,) = problems_of({"tasks": [task(**{name: 1})]})
    message = f"the Jobs API has no field {name} here{nearest}"
    assert problem == ("warning", f"tasks[0].{name}", message)


def test_unknown_fields_are_found_at_every_depth(problems_of, task):
    """In clusters, in inner tasks of For each, in dependencies; not where any name may stand."""
    each = {"inputs": "[1]", "task": task("i", max_retry=1) | {"notebook_task": NOTEBOOK}}
    settings = {
        "tasks": [task(), task("b", {"task_key": "a", "outcom": "x"}), task(for_each_task=each)],
        "job_clusters": [{"job_cluster_key": "k", "new_cluster": {"spark_cnf": {"a.b": "1"}}}],
        "tags": {"anything": "goes"},
    }
    settings["tasks"][2]["task_key"] = "c"
    found = problems_of(settings)
    assert [pointer for _, pointer, _ in found] == [
        "job_clusters[0].new_cluster.spark_cnf",
        "tasks[1].depends_on[0].outcom",
        "tasks[2].for_each_task.task.max_retry",
    ]
    assert {severity for severity, _, _ in found} == {"warning"}


def test_faults_do_not_hide_each_other(problems_of, task):
    """Many faults of one file are all there, each once."""
    settings = {
        "tasks": [
            task("a", "zz", max_retries="x", run_if="NEVER"),
            task("a", timeout_seconds=-1),
            {"task_key": "c", "condition_task": {"op": "IS"}},
            {"task_key": "d", "for_each_task": {"inputs": 5, "task": {"task_key": "e"}}},
            7,
        ],
        "parameters": [{"name": "p q", "default": "{{job.nam}}"}, {"nme": "p"}],
    }
    assert [pointer for severity, pointer, _ in problems_of(settings) if severity == "error"] == [
        "parameters[0].default",
        "parameters[0].name",
        "parameters[1].default",
        "parameters[1].name",
        "tasks[0].depends_on[0].task_key",
        "tasks[0].max_retries",
        "tasks[0].run_if",
        "tasks[1].task_key",
        "tasks[1].timeout_seconds",
        "tasks[2].condition_task.left",
        "tasks[2].condition_task.op",
        "tasks[2].condition_task.right",
        "tasks[3].for_each_task.inputs",
        "tasks[3].for_each_task.task",
        "tasks[4]",
    ]


def test_messages_speak_no_pydantic(problems_of):
    """No class names, no links, no error codes."""
    settings = {"tasks": [5, {"task_key": []}, {"depends_on": [[]], "x_task": 0}], "queue": []}
    text = json.dumps(problems_of(settings)).lower()
    for jargon in ("pydantic", "http", "input_", "type=", "valid dictionary", "instance of"):
        assert jargon not in text
