"""`dbutils.notebook.run`: notebooks that call notebooks, each a run of its own."""

from __future__ import annotations

import os
import signal
from typing import Any

import nbformat
import psutil
import pytest
from processes import until

pytestmark = pytest.mark.e2e

SECRET = "hunter2-and-more"

CHILD = (
    "dbutils.widgets.text('day', 'none')\nday = dbutils.widgets.get('day')",
    "if day == 'bad':\n    raise ValueError('no such day')",
    "import time\nif day == 'slow':\n    time.sleep(60)",
    "dbutils.notebook.exit(f'got {day}, {len(day)} letters')",
)
THREADS = """
from concurrent.futures import ThreadPoolExecutor
def call(day):
    return dbutils.notebook.run('parts/child.ipynb', 0, {'day': day})
with ThreadPoolExecutor(3) as pool:
    print(list(pool.map(call, 'abc')))
"""
FAILURES = """
def attempt(*args):
    try:
        return dbutils.notebook.run(*args)
    except Exception as error:
        print(type(error).__name__, error)
attempt('parts/child', 60, {'day': 'bad'})
attempt('parts/child', 1, {'day': 'slow'})
attempt('parts/chil', 1)
attempt('parts/child', 1, {'day': 5})
attempt('circle', 60)
"""
SECRETS = """
import os
password = dbutils.secrets.get('db', 'password')
print(dbutils.notebook.run('parts/child', 60, {'day': password}))
print(password)
for part in ('hun', 'ter2', '-and', '-more\\n'):
    print(part, end='', flush=True)
dbutils.jobs.taskValues.set('password', os.environ['TOKEN'])
os.environ['TOKEN']
"""
LAST = """
try:
    raise ValueError(os.environ['TOKEN'])
finally:
    dbutils.notebook.exit(os.environ['TOKEN'])
"""
FIRST = """
print(dbutils.notebook.run('parts/child', 60, {'day': '1'}))
print(dbutils.notebook.run('parts/cluster', 60))
"""
CLUSTER = """
import os
from nbkit import serving as attempt
conf = attempt.current()['spark_conf']
dbutils.notebook.exit(f"on {conf['spark.sql.shuffle.partitions']} {os.environ['FLAVOUR']}")
"""
CIRCLE = "dbutils.notebook.exit(dbutils.notebook.run('circle', 60))"


def text_of(path) -> str:
    outputs = [
        output for cell in nbformat.read(path, 4).cells for output in cell.get("outputs", [])
    ]
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs
    )


@pytest.fixture(scope="module")
def parent(shared_project) -> dict[str, Any]:
    """The record of a notebook's run that called many others, with its output as `text`."""
    project = shared_project
    (project.root / "parts").mkdir()
    project.notebook("parts/child", *CHILD)
    project.notebook("parts/cluster", CLUSTER)
    project.notebook("circle", CIRCLE)
    project.notebook("parent", FIRST, THREADS, FAILURES, SECRETS, LAST)
    cluster = {
        "spark_version": "1",
        "spark_conf": {"spark.sql.shuffle.partitions": "7"},
        "spark_env_vars": {"TOKEN": "{{secrets/db/password}}", "FLAVOUR": "vanilla"},
    }
    job = project.job(project.notebook_task("parent", "parent.ipynb", new_cluster=cluster))
    said = project.nbkit("run", job, "--json", NBKIT_SECRET_DB_PASSWORD=SECRET)
    (task,) = said.json["tasks"]
    runs = project.nbkit("runs", "--json").json["runs"]
    text = text_of(project.root / task["output_notebook"])
    return {**task, "said": said, "runs": runs, "text": text}


def test_a_called_notebook_is_a_run_of_its_own(parent, shared_project):
    """It gives its exit value back as text, and its caller's record names it."""
    assert "got 1, 1 letters" in parent["text"]
    first = parent["attempts"][0]["child_runs"][0]
    assert first["notebook"] == "parts/child"
    child = shared_project.record(first["run_id"])
    assert child["run_type"] == "WORKFLOW_RUN"
    assert child["tasks"]["child"]["output"]["notebook_output"]["result"] == "got 1, 1 letters"
    assert (shared_project.root / child["tasks"]["child"]["output_notebook"]).is_file()


def test_a_called_notebook_is_on_its_callers_cluster(parent):
    """It has the same Spark settings and environment variables."""
    assert "on 7 vanilla" in parent["text"]


def test_a_repair_knows_the_timeout(parent, shared_project):
    """What a caller gave holds when its call is run again by itself."""
    late = next(run for run in parent["runs"] if run["state"]["result_state"] == "TIMEDOUT")
    assert parent["said"].status == 0
    secret = {"NBKIT_SECRET_DB_PASSWORD": SECRET}
    said = shared_project.nbkit("repair", late["run_id"], "--json", **secret)
    assert said.json["state"]["result_state"] == "TIMEDOUT"


def test_threads_call_at_once(parent):
    """Each gets the answer to its own call."""
    assert "['got a, 1 letters', 'got b, 1 letters', 'got c, 1 letters']" in parent["text"]


def test_what_went_wrong_is_named(parent):
    """A failure, a timeout, a missing notebook, a wrong argument, a circle."""
    text = parent["text"]
    assert "NotebookRunError parts/child failed: ValueError: no such day [run " in text
    assert "parts/child took longer than 1 s" in text
    assert "There is no notebook parts/chil" in text
    assert "nearest: child" in text
    assert "TypeError the arguments of a notebook are texts; 'day' is 5" in text
    assert "5 notebooks have called each other already" in text
    assert "circle.ipynb → circle.ipynb" in text
    results = {run["state"]["result_state"] for run in parent["runs"]}
    assert {"SUCCESS", "FAILED", "TIMEDOUT"} <= results


def test_a_secret_reaches_notebooks_and_no_record(parent, shared_project):
    """Not as argument, output, error, task value or exit value, in whatever file."""
    assert parent["output"]["notebook_output"]["result"] == "[REDACTED]"
    assert parent["task_values"] == {"password": "[REDACTED]"}
    assert f"got [REDACTED], {len(SECRET)} letters" in parent["text"]
    assert parent["text"].count("[REDACTED]") >= 4
    for folder in ("runs", ".nbkit"):
        for path in (shared_project.root / folder).rglob("*"):
            if path.is_file():
                assert SECRET.encode() not in path.read_bytes(), path
    said = parent["said"]
    assert SECRET not in said.out + said.err


def family_of_sleeper(project):
    """Start a notebook that calls one that sleeps; return the run and all its processes."""
    (project.root / "parts").mkdir()
    project.notebook("parts/child", *CHILD)
    project.notebook("caller", "dbutils.notebook.run('parts/child', 0, {'day': 'slow'})")
    started = project.start("run", "caller.ipynb", "--json")
    until((project.root / "runs/2/child/0.ipynb").exists)
    return started, started.family()


@pytest.mark.parametrize("end", ["cancel", "kill"])
def test_no_child_outlives_its_caller(project, end):
    """Cancelled or killed, the caller takes what it called along."""
    started, family = family_of_sleeper(project)
    if end == "cancel":
        project.nbkit("cancel", 1)
        started.end()
        until(lambda: project.results(2) == {"child": "CANCELED"})
    else:
        os.kill(started.pid, signal.SIGKILL)
    psutil.wait_procs(family, timeout=30)
    assert [each for each in family if each.is_running()] == []
