"""Steps in notebooks that a job runs: on the run's record, and with a real Spark."""

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

CONFLICT = """\
from concurrent.futures import ThreadPoolExecutor
import threading
import nbkit

spark.range(10).write.saveAsTable("numbers")
together = threading.Barrier(2, timeout=60)
tries = {}

def change(by):
    @nbkit.step(f"add {by}", retries=5, wait=0)
    def add():
        tries[by] = tries.get(by, 0) + 1
        if tries[by] == 1: together.wait()
        spark.sql(f"UPDATE numbers SET id = id + {by}")
    add()

with ThreadPoolExecutor(2) as pool:
    list(pool.map(change, [100, 1000]))
total = spark.sql("SELECT sum(id) AS total FROM numbers").first().total
"""

LOSE = """\
import os
with nbkit.step("count", retries=1, wait=0) as count:
    if count.tries == 1: os.kill(sc._jvm.ProcessHandle.current().pid(), 9)
    rows = spark.table("numbers").count()
dbutils.notebook.exit(f"{total} {sorted(tries.values())} {rows}")
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


def test_what_passes_on_spark(project):
    """Writers in conflict both succeed; a step that loses the driver goes on with a new one."""
    project.notebook("conflict", CONFLICT, LOSE)
    project.job(project.notebook_task("conflict", "conflict.ipynb"))
    said = project.nbkit("run", "job.json")
    (attempt,) = project.record()["tasks"]["conflict"]["attempts"]
    assert said.status == 0, attempt["failure"]
    assert attempt["output"]["notebook_output"]["result"] == "11045 [1, 2] 10"
    states = {step["name"]: (step["state"], step["tries"]) for step in attempt["steps"]}
    assert states["count"] == ("succeeded", 2)
