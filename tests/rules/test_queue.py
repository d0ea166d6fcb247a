"""Who waits for its turn, and how long."""

from __future__ import annotations

import pytest

from nbkit.rules.queue import too_many, waited_too_long, waits

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        ({}, True),
        ({"queue": {"enabled": True}}, True),
        ({"queue": {"enabled": False}}, False),
        ({"max_concurrent_runs": 5}, True),
        ({"max_concurrent_runs": 0}, False),
        ({"max_concurrent_runs": 0, "queue": {"enabled": True}}, False),
    ],
)
def test_who_waits(kit, job, expected):
    """All do unless the queue is off; no wait helps a job that allows no runs."""
    assert waits(kit.graph_of([kit.notebook("a")], **job).job) is expected


@pytest.mark.parametrize(
    ("waited", "over"), [(0, False), (48 * HOUR, False), (48 * HOUR + 1, True), (49 * HOUR, True)]
)
def test_for_48_hours(kit, waited, over):
    """As on Databricks."""
    assert waited_too_long(kit.START, kit.START + waited) is over


@pytest.mark.parametrize(
    ("most", "message"),
    [
        (0, "The job allows no runs (max_concurrent_runs is 0)."),
        (1, "Another run of this job is going on (max_concurrent_runs is 1)."),
        (3, "3 other runs of this job are going on (max_concurrent_runs is 3)."),
    ],
)
def test_what_is_said(kit, most, message):
    """With the field that decides."""
    assert too_many(kit.graph_of([kit.notebook("a")], max_concurrent_runs=most).job) == message
