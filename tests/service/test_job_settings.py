"""Settings of jobs: what is filled in, pages, and partial updates."""

from __future__ import annotations

import dataclasses
import json

import pytest
from databricks.sdk.service import jobs
from hypothesis import given
from hypothesis import strategies as st

from nbkit.graph.load import parse_job
from nbkit.graph.model import Job
from nbkit.service import job_settings
from nbkit.service.refusals import Refusal
from nbkit.service.submitted import job_of, with_tasks

KEYS = st.lists(st.sampled_from("abcdef"), unique=True)


def tasks(keys, mark=0):
    return [{"task_key": key, "timeout_seconds": mark} for key in keys]


@given(KEYS, KEYS)
def test_arrays_are_merged_by_key(before, new):
    """Known ones stay where they are, with new content; new ones come after them."""
    made = job_settings.updated({"tasks": tasks(before)}, {"tasks": tasks(new, 1)}, [])["tasks"]

    expected = before + [key for key in new if key not in before]
    assert [task["task_key"] for task in made] == expected
    assert {t["task_key"] for t in made if t["timeout_seconds"]} == set(new)


def test_fields_and_elements_are_removed():
    """A whole field, or one task; what is not there is named."""
    settings = {"name": "x", "tags": {"a": "b"}, "tasks": tasks("ab")}

    made = job_settings.updated(settings, {"name": "y"}, ["tags", "tasks/a"])

    assert made == {"name": "y", "tasks": tasks("b")}
    with pytest.raises(Refusal, match="no tasks/c to remove"):
        job_settings.updated(settings, {}, ["tasks/c"])
    with pytest.raises(Refusal, match="name a field"):
        job_settings.updated(settings, {}, ["tags/a"])


def test_a_reset_keeps_who_it_runs_as():
    """Unless the new settings say it."""
    before = {"run_as": {"user_name": "me"}, "tags": {}}

    assert job_settings.after_reset(before, {"name": "n"}) == {
        "name": "n",
        "run_as": {"user_name": "me"},
    }


@given(st.integers(0, 320))
def test_pages_hold_every_task_once(count):
    """As a client gets them one after the other."""
    settings = {"name": "n", "tasks": tasks(map(str, range(count))), "parameters": []}
    found, token, pages = [], "", 0
    while True:
        page, more = job_settings.page_of(settings, "2.2", token)
        found += page["tasks"]
        assert ("name" in page) == (pages == 0)
        pages += 1
        token = more.get("next_page_token")
        if token is None:
            break

    assert found == settings["tasks"]


def test_one_task_may_stand_at_the_top():
    """As in version 2.0, for jobs and for runs."""
    request = {
        "run_name": "dag__load it",
        "notebook_task": {"notebook_path": "/n"},
        "existing_cluster_id": "c",
        "idempotency_token": "t",
        "timeout_seconds": 5,
    }

    assert job_of(request) == {
        "name": "dag__load it",
        "timeout_seconds": 5,
        "tasks": [
            {
                "task_key": "dag__load_it",
                "notebook_task": {"notebook_path": "/n"},
                "existing_cluster_id": "c",
            }
        ],
    }
    assert with_tasks({"tasks": [1], "notebook_task": {}}) == {"tasks": [1], "notebook_task": {}}
    with pytest.raises(Refusal, match="needs tasks"):
        job_of({"run_name": "r"})


def test_the_sdk_sends_no_field_that_we_refuse():
    """Every field of its settings is one of ours."""
    known = {field.alias or name for name, field in Job.model_fields.items()}

    assert {field.name for field in dataclasses.fields(jobs.JobSettings)} <= known


def test_what_airflow_makes_is_taken():
    """The settings of its task groups, with what they leave empty."""
    task = {
        "task_key": "dag__load",
        "depends_on": [],
        "existing_cluster_id": "c",
        "notebook_task": {
            "notebook_path": "/load",
            "source": "WORKSPACE",
            "base_parameters": {"day": "1"},
        },
        "libraries": [],
        "timeout_seconds": 0,
        "email_notifications": {},
    }
    settings = {
        "name": "group",
        "email_notifications": {"no_alert_for_skipped_runs": False},
        "timeout_seconds": 0,
        "tasks": [task],
        "format": "MULTI_TASK",
        "job_clusters": [],
        "max_concurrent_runs": 1,
    }

    assert parse_job(json.dumps(settings)).graph.keys == ("dag__load",)
