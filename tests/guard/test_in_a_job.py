"""Steps in a notebook that a job runs; with Spark they are tested in `tests/testing`."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.e2e

LOAD = """\
import nbkit
n = 0
with nbkit.step("load orders", retries=3, on=(LookupError,), wait=0):
    n += 1
    with nbkit.step("read"):
        if n < 3: raise LookupError("not there yet")
with nbkit.step("notify", on_error="record"):
    raise ConnectionResetError("no mail server")
with nbkit.step("check"):
    nbkit.fail("3 orders have no customer")
"""


def test_steps_are_on_record(project):
    """Tries, parents and errors of each step are in the run's record; the last one ends it."""
    project.notebook("load", LOAD)
    project.job(project.notebook_task("load", "load.ipynb"))
    assert project.nbkit("run", "job.json").status == 1
    (attempt,) = project.record()["tasks"]["load"]["attempts"]
    steps = attempt["steps"]
    told = [(step["name"], step["state"], step["tries"], step["transient"]) for step in steps]
    assert told == [
        ("load orders", "succeeded", 3, False),
        ("read", "failed", 1, False),
        ("read", "failed", 1, False),
        ("read", "succeeded", 1, False),
        ("notify", "recorded", 1, True),
        ("check", "failed", 1, False),
    ]
    assert {step["parent"] for step in steps[1:4]} == {steps[0]["id"]}
    assert steps[-1]["error"] == "Failed: 3 orders have no customer"
    assert attempt["failure"]["message"] == "Failed: 3 orders have no customer"
    assert "nbkit.fail(" in attempt["output"]["error_trace"]
    assert "nbkit/guard" not in attempt["output"]["error_trace"]
