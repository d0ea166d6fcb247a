"""`--skip-unsupported` holds for the whole of a run, its repairs and the runs in it."""

from __future__ import annotations

import pytest

import nbkit
from nbkit.ledger.store import Ledger
from nbkit.settings import Settings

JAR = {"task_key": "jar", "spark_jar_task": {"main_class_name": "a.B"}}


@pytest.fixture(autouse=True)
def here(project, monkeypatch):
    monkeypatch.chdir(project.root)


@pytest.fixture
def job(project):
    """A task that cannot run here, one that fails as its parameter says, and one after both."""
    gate = project.condition("gate", "{{job.parameters.n}}", "GREATER_THAN", "1")
    last = project.condition("last", "1", "EQUAL_TO", "1", "jar", "gate")
    return project.job(JAR, gate, last, parameters=[{"name": "n", "default": "many"}])


def results(run):
    return {key: task["state"]["result_state"] for key, task in run.tasks.items()}


def test_a_repair_leaves_out_what_the_run_left_out(job):
    """What was left out counts as well and is not tried again."""
    run = nbkit.run(job, skip_unsupported=True, show="nothing")
    assert results(run) == {"jar": "EXCLUDED", "gate": "FAILED", "last": "UPSTREAM_FAILED"}

    repaired = nbkit.repair(run.run_id, parameters={"n": 5}, show="nothing")
    assert results(repaired) == {"jar": "EXCLUDED", "gate": "SUCCESS", "last": "SUCCESS"}
    assert len(repaired.tasks["jar"]["attempts"]) == 1


def test_naming_it_in_a_repair_leaves_it_out_again(job, project):
    """The choice was made for the run, and each time there is a note of it."""
    run = nbkit.run(job, {"n": 5}, skip_unsupported=True, show="nothing")
    assert run.succeeded
    repaired = nbkit.repair(run.run_id, tasks=["jar"], show="nothing")

    assert results(repaired) == {"jar": "EXCLUDED", "gate": "SUCCESS", "last": "SUCCESS"}
    assert len(repaired.tasks["jar"]["attempts"]) == 2
    ledger = Ledger(Settings.of(project.root).ledger_url)
    notes = [event.message for event in ledger.read(run.run_id) if event.kind == "noted"]
    ledger.close()
    assert sum(note.startswith("Left out: nbkit does not run") for note in notes) == 2


def test_without_it_a_repair_fails_again(job):
    """A repair does not leave out what its run did not."""
    run = nbkit.run(job, {"n": 5}, show="nothing")
    assert results(run)["jar"] == "FAILED"
    repaired = nbkit.repair(run.run_id, show="nothing")
    assert results(repaired)["jar"] == "FAILED"
    assert len(repaired.tasks["jar"]["attempts"]) == 2


def test_it_holds_for_the_runs_in_a_run(project):
    """And for those of a repair."""
    gate = project.condition("gate", "{{job.parameters.n}}", "GREATER_THAN", "1")
    parameters = [{"name": "n", "default": "many"}]
    project.job(JAR, gate, name="leaf", parameters=parameters)
    call = {"task_key": "call", "run_job_task": {"job_id": "leaf.json"}}
    top = nbkit.run(
        project.job(call, name="top", parameters=parameters), skip_unsupported=True, show="nothing"
    )
    assert not top.succeeded
    again = nbkit.repair(top.run_id, parameters={"n": 5}, show="nothing")
    child = nbkit.show(again.tasks["call"]["output"]["run_job_output"]["run_id"])
    assert results(child) == {"jar": "EXCLUDED", "gate": "SUCCESS"}
