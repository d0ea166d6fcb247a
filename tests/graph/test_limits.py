"""Limits of Databricks: each is a warning at its place, and what keeps to it has none."""

from __future__ import annotations

import json

import pytest

CRON = {"timezone_id": "UTC"}
ALERT = {"on_failure": ["a@b.c"]}


def condition(**fields):
    block = {"op": "EQUAL_TO", "left": "1", "right": "1"}
    return {"tasks": [{"task_key": "c", "condition_task": block, **fields}]}


def each(inputs, **inner):
    task = {"task_key": "i", "notebook_task": {"notebook_path": "i.ipynb"}, **inner}
    return {"tasks": [{"task_key": "e", "for_each_task": {"inputs": inputs, "task": task}}]}


def cron(expression):
    return {"schedule": CRON | {"quartz_cron_expression": expression}}


def base(size):
    parameters = {"x": "a" * (size - len(json.dumps({"x": ""})))}
    block = {"notebook_path": "a.ipynb", "base_parameters": parameters}
    return {"tasks": [{"task_key": "a", "notebook_task": block}]}


INPUTS = "tasks[0].for_each_task.inputs"
LONG = json.dumps(["a" * 100] * 60)


@pytest.mark.parametrize(
    ("settings", "pointer", "message"),
    [
        ({"name": "é" * 2049}, "name", "has 4,098 bytes; Databricks takes 4,096"),
        (
            {"run_as": {"user_name": "a", "group_name": "b"}},
            "run_as",
            "only one of user_name and group_name can be given",
        ),
        (cron("* * * * * ?"), "schedule.quartz_cron_expression", "at least 10 s after one another"),
        (cron("0/5 * * * * ?"), "schedule.quartz_cron_expression", "at least 10 s"),
        (cron("0,20,25 * * * * ?"), "schedule.quartz_cron_expression", "at least 10 s"),
        (
            {"trigger": {"file_arrival": {"url": "s3://b/in"}}},
            "trigger.file_arrival.url",
            "names a folder, so it ends with /",
        ),
        (
            {"trigger": {"file_arrival": {"url": "/", "min_time_between_triggers_seconds": 59}}},
            "trigger.file_arrival.min_time_between_triggers_seconds",
            "is 59 s; the shortest is 60 s",
        ),
        (
            {
                "triggers": [
                    {"table_update": {"table_names": ["t"], "wait_after_last_change_seconds": 5}}
                ]
            },
            "triggers[0].table_update.wait_after_last_change_seconds",
            "is 5 s; the shortest is 60 s",
        ),
        (
            {"trigger": {"periodic": {"interval": 0, "unit": "DAYS"}}},
            "trigger.periodic.interval",
            "must be at least 1",
        ),
        (
            base(1024 * 1024 + 1),
            "tasks[0].notebook_task.base_parameters",
            "are 1,048,577 bytes as JSON; Databricks takes 1 MB",
        ),
        (condition(max_retries=1), "tasks[0].max_retries", "means nothing on if/else tasks"),
        (condition(email_notifications=ALERT), "tasks[0].email_notifications", "means nothing"),
        (condition(existing_cluster_id="1"), "tasks[0].existing_cluster_id", "means nothing"),
        (each(LONG), INPUTS, "have 6,240 characters; Databricks takes 5,000"),
    ],
)
def test_broken(problems_of, settings, pointer, message):
    """Here all of these would run, so each is a warning."""
    task = {"task_key": "a", "notebook_task": {"notebook_path": "a.ipynb"}}
    (problem,) = problems_of({"tasks": [task], **settings})
    assert problem[:2] == ("warning", pointer)
    assert message in problem[2]


@pytest.mark.parametrize(
    "settings",
    [
        {"name": "é" * 2048},
        {"run_as": {"user_name": "a"}},
        cron("0 0 5 * * ?"),
        cron("0 0 5 * * ? 2026"),
        cron("0/10 * * * * ?"),
        cron("0,20,40 * * * * ?"),
        {"trigger": {"file_arrival": {"url": "/in/", "wait_after_last_change_seconds": 60}}},
        {"trigger": {"periodic": {"interval": 1, "unit": "DAYS"}}},
        base(1024 * 1024),
        condition(max_retries=0, email_notifications={}),
        each(json.dumps(["a" * 4996])),
    ],
)
def test_kept(problems_of, settings):
    """At the limit nothing is said."""
    task = {"task_key": "a", "notebook_task": {"notebook_path": "a.ipynb"}}
    assert problems_of({"tasks": [task], **settings}) == []


def test_referenced_inputs_are_measured_when_they_are_known(problems_of):
    """48 KB then; their text in the job may be short or long."""
    inputs = '["{{job.run_id}}", "' + "a" * 6000 + '"]'
    assert problems_of(each(inputs)) == []


@pytest.mark.parametrize("name", ["edit_mode", "format", "deployment", "environment_variables"])
def test_what_bundles_do_not_have(problems_of, name):
    """The API has these fields, the schema of bundles has not."""
    values = {
        "edit_mode": "EDITABLE",
        "format": "MULTI_TASK",
        "deployment": {"kind": "BUNDLE"},
        "environment_variables": [{"environment_variables_key": "k"}],
    }
    job = {
        "tasks": [{"task_key": "a", "notebook_task": {"notebook_path": "a.ipynb"}}],
        name: values[name],
    }
    assert problems_of(job) == []
    (problem,) = problems_of({"resources": {"jobs": {"etl": job}}})
    assert problem[:2] == ("warning", name)
    assert problem[2] == f"jobs in bundles have no {name}"
