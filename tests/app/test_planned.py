"""When jobs are to start, also those that are not deployed."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime

import pytest

from nbkit.app.planned import planned, times
from nbkit.graph.model import Job

START = datetime(2026, 10, 24, tzinfo=UTC)
CHECK = {"task_key": "a", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}
DAILY = {"quartz_cron_expression": "0 0 12 * * ?", "timezone_id": "UTC"}


def first(settings, count=3) -> list[str]:
    job = Job.model_validate({"tasks": [CHECK], **settings})
    return [f"{each:%d %H:%M}" for each in itertools.islice(times(job, START), count)]


@pytest.mark.parametrize(
    ("settings", "fires"),
    [
        ({}, []),
        ({"schedule": DAILY}, ["24 12:00", "25 12:00", "26 12:00"]),
        ({"schedule": {**DAILY, "pause_status": "PAUSED"}}, []),
        (
            {"trigger": {"periodic": {"interval": 12, "unit": "HOURS"}}},
            ["24 12:00", "25 00:00", "25 12:00"],
        ),
        (
            {"triggers": [{"schedule": DAILY}, {"periodic": {"interval": 12, "unit": "HOURS"}}]},
            ["24 12:00", "25 00:00", "25 12:00"],  # noon once
        ),
        ({"trigger": {"file_arrival": {"url": "/in/"}}}, []),
        ({"trigger": {"periodic": {"interval": 0, "unit": "DAYS"}}}, []),
        ({"trigger": {"periodic": {"interval": 10**12, "unit": "WEEKS"}}}, []),
    ],
)
def test_what_starts_a_job_by_time(settings, fires):
    """Schedules and intervals, several of them together; nothing while paused."""
    assert first(settings) == fires


def test_all_jobs_of_a_bundle(tmp_path):
    """Each with its own times, and with those of its target."""
    bundle = {
        "bundle": {"name": "b"},
        "resources": {
            "jobs": {
                "one": {"name": "one", "schedule": DAILY, "tasks": [CHECK]},
                "two": {"name": "two", "tasks": [CHECK]},
            }
        },
        "targets": {
            "dev": {"default": True},
            "late": {
                "resources": {
                    "jobs": {
                        "one": {"schedule": {**DAILY, "quartz_cron_expression": "0 0 23 * * ?"}}
                    }
                }
            },
        },
    }
    file = tmp_path / "databricks.yml"
    file.write_text(json.dumps(bundle))
    found = {each.name: each.next for each in planned(str(file), 1, START)}
    assert found == {"one": (datetime(2026, 10, 24, 12, tzinfo=UTC),), "two": ()}
    (late,) = planned(f"{file}:one", 1, START, target="late")
    assert late.next[0].hour == 23
