"""Drivers killed and shared: notebooks know their cause, runs do not disturb each other."""

from __future__ import annotations

import json
import os
import signal

import pytest
from processes import until

pytestmark = pytest.mark.e2e

CAUGHT = """
import os
from pathlib import Path
driver = spark.range(1).count() and spark.sparkContext.applicationId
if not Path("go").exists():
    Path("caught").write_text(str(os.getpid()))
    spark.sql("select reflect('java.lang.Thread', 'sleep', bigint(300000))").collect()
dbutils.notebook.exit(driver)
"""

NEIGHBOUR = """
import time
from pathlib import Path
name = {name!r}
spark.range(len(name)).createOrReplaceTempView("mine")
Path(name).write_text("at work")
while not Path("go").exists():
    time.sleep(0.05)
assert spark.table("mine").count() == len(name)
dbutils.notebook.exit(spark.sparkContext.applicationId)
"""


@pytest.fixture
def processes(project):
    """Process ids of the project's driver: its own, and its JVM's."""
    return lambda: project.nbkit("driver", "status", "--json").json


@pytest.mark.parametrize("victim", ["jvm_pid", "pid"])
def test_a_killed_driver_is_replaced_for_the_retry(victim, project, caught, processes, nobody_left):
    """Kill -9 of the JVM, or of the driver's Python: the retry gets a new driver."""
    project.notebook("busy", CAUGHT)
    project.job(project.notebook_task("count", "busy", max_retries=1))
    running = project.start("run", "job.json")
    caught()
    family, before = running.family(), processes()
    project.write("go", "")
    os.kill(before[victim], signal.SIGKILL)

    said = running.end()

    assert said.status == 0, said.err
    lost, good = project.record()["tasks"]["count"]["attempts"]
    assert lost["failure"]["cause"] == "driver_lost"
    assert "Spark driver" in lost["failure"]["message"]
    assert good["state"]["result_state"] == "SUCCESS"
    assert {before["pid"], before["jvm_pid"]} <= {process.pid for process in family}
    nobody_left(family)


def test_a_killed_run_takes_its_driver_along(project, caught, processes, nobody_left):
    """Kill -9 of nbkit in the middle of a Spark job leaves no driver and no JVM; repair works."""
    project.notebook("busy", CAUGHT)
    project.job(project.notebook_task("count", "busy"))
    running = project.start("run", "job.json")
    caught()
    family, driver = running.family(), processes()
    os.kill(running.pid, signal.SIGKILL)
    running.process.communicate()

    assert {driver["pid"], driver["jvm_pid"]} <= {process.pid for process in family}
    nobody_left(family)
    project.write("go", "")
    assert project.nbkit("repair", 1).status == 0


def test_two_runs_share_a_driver_and_nothing_else(project, processes, nobody_left):
    """Same driver, own sessions; killing one run leaves the other alone."""
    for name in ("left", "right", "gone"):
        project.notebook(name, NEIGHBOUR.format(name=name))
        project.job(project.notebook_task("work", name), name=name)
    left, right, gone = (project.start("run", f"{name}.json", "--json") for name in
                         ("left", "right", "gone"))  # fmt: skip
    for name in ("left", "right", "gone"):
        until(lambda name=name: (project.root / name).exists(), 120)
    family = [*left.family(), *right.family(), *gone.family()]
    assert processes()["sessions"] >= 3

    os.kill(gone.pid, signal.SIGKILL)
    gone.process.communicate()
    project.write("go", "")
    records = [left.end().json, right.end().json]

    assert [record["state"]["result_state"] for record in records] == ["SUCCESS", "SUCCESS"]
    drivers = {record["tasks"][0]["output"]["notebook_output"]["result"] for record in records}
    assert len(drivers) == 1
    assert len({record["run_id"] for record in records}) == 2
    nobody_left(family)


def test_the_record_of_a_notebook_task(project):
    """Its exit value, its values and its output notebook are in the document."""
    project.notebook("good", "dbutils.jobs.taskValues.set('rows', 3)", "dbutils.notebook.exit('x')")
    project.job(project.notebook_task("good", "good"))

    said = project.nbkit("run", "job.json", "--json")

    (task,) = json.loads(said.out)["tasks"]
    assert task["output"]["notebook_output"] == {"result": "x", "truncated": False}
    assert task["task_values"] == {"rows": 3}
    assert task["output_notebook"] == "runs/1/good/0.ipynb"
    assert (project.root / task["output_notebook"]).is_file()
