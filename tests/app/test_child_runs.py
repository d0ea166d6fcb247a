"""A job runs other jobs, each as a run of its own."""

from __future__ import annotations

import json
import threading

import nbformat
import pytest
from processes import until

import nbkit
from nbkit import api
from nbkit.settings import Settings

pytestmark = pytest.mark.e2e


class Project:
    def __init__(self, root):
        self.root = root
        self.settings = Settings(
            root=root, run={"grace_seconds": 1}, kernels={"spare": 1, "preload": []}
        )

    def notebook(self, name, *cells):
        made = [nbformat.v4.new_code_cell(cell) for cell in cells]
        nbformat.write(nbformat.v4.new_notebook(cells=made), self.root / f"{name}.ipynb")

    def job(self, name, *tasks, **more):
        document = {"name": name, "tasks": tasks, **more}
        (self.root / f"{name}.json").write_text(json.dumps(document))

    def run(self, name):
        return nbkit.run(self.root / f"{name}.json", show="nothing", settings=self.settings)


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def calls(named, key="call", **more):
    return {"task_key": key, "run_job_task": {"job_id": named}, **more}


def works(name):
    return {"task_key": "work", "notebook_task": {"notebook_path": name}}


def test_a_run_of_a_run(project):
    """Parameters go down, three levels deep; each run is on record and linked from above."""
    project.notebook(
        "say", "get = dbutils.widgets.get; dbutils.notebook.exit(get('day') + get('who'))"
    )
    declared = [{"name": "day", "default": "none"}]
    project.job("leaf", works("say"), parameters=declared)
    older = {"job_id": "leaf.json", "notebook_params": {"who": "{{task.name}}", "day": "no"}}
    project.job("middle", {"task_key": "call", "run_job_task": older}, parameters=declared)
    given = {"job_id": "middle.json", "job_parameters": {"day": "monday"}}
    project.job(
        "top",
        {"task_key": "call", "run_job_task": given},
        parameters=[{"name": "unheard", "default": "x"}],
    )
    top = project.run("top")

    assert top.succeeded, top.tasks["call"]["output"]
    middle = nbkit.show(
        top.tasks["call"]["output"]["run_job_output"]["run_id"], settings=project.settings
    )
    leaf = nbkit.show(
        middle.tasks["call"]["output"]["run_job_output"]["run_id"], settings=project.settings
    )
    assert leaf.exit_value("work") == "mondaycall"
    assert [run.record["trigger"] for run in (top, middle, leaf)] == [
        "ONE_TIME",
        "RUN_JOB_TASK",
        "RUN_JOB_TASK",
    ]
    assert len(nbkit.runs(settings=project.settings)) == 3
    assert all("monday" in run.report.read_text() for run in (middle, leaf))


def test_a_failed_run_is_tried_again_and_repaired(project):
    """Each attempt is a new run; the message says what failed in it."""
    project.notebook("fail", "raise ValueError('broken')")
    project.job("leaf", works("fail"))
    project.job("top", calls("leaf.json", max_retries=1))
    top = project.run("top")

    attempts = top.tasks["call"]["attempts"]
    children = [each["output"]["run_job_output"]["run_id"] for each in attempts]
    assert not top.succeeded
    assert len(set(children)) == 2
    assert "broken" in top.tasks["call"]["output"]["error"]

    project.notebook("fail", "1")
    assert nbkit.repair(top.run_id, show="nothing", settings=project.settings).succeeded


@pytest.mark.parametrize("how", ["cancel", "timeout"])
def test_ending_the_upper_run_ends_the_lower(project, how):
    """Both are on record as what they are."""
    project.notebook("sleep", "import time; time.sleep(600)")
    project.job("leaf", works("sleep"))
    limit = {"timeout_seconds": 3} if how == "timeout" else {}
    project.job("top", calls("leaf.json", **limit))
    ended = []
    thread = threading.Thread(target=lambda: ended.append(project.run("top")), daemon=True)
    thread.start()
    if how == "cancel":
        until(lambda: len(nbkit.runs(settings=project.settings)) == 2)
        api.cancel(1, settings=project.settings)
    thread.join(60)

    (top,) = ended
    child = nbkit.show(2, settings=project.settings)
    assert child.result_state == "CANCELED"
    expected = "CANCELED" if how == "cancel" else "TIMEDOUT"
    assert top.tasks["call"]["state"]["result_state"] == expected


def test_a_circle_through_a_reference_ends_at_once(project):
    """What only the run knows is checked when it is known."""
    project.job(
        "top",
        calls("{{job.parameters.which}}"),
        parameters=[{"name": "which", "default": "top.json"}],
    )
    top = project.run("top")

    assert "top.json → top.json" in top.tasks["call"]["output"]["error"]
    assert len(nbkit.runs(settings=project.settings)) == 1
