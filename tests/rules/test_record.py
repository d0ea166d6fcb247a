from __future__ import annotations

import json
from dataclasses import replace

import pytest

from nbkit.events import AttemptProgressed, AttemptReported, Unit
from nbkit.graph.kinds.notebook import LONGEST_RESULT
from nbkit.rules.record import record
from nbkit.rules.repair import plan_repair
from nbkit.rules.state import RunState


@pytest.fixture(scope="module")
def run(kit):
    simulation = kit.Simulation(
        [
            kit.notebook("load", base_parameters={"n": "{{job.run_id}}"}),
            kit.condition("gate", "load", left="{{tasks.load.values.n}}", right="3"),
            kit.for_each("each", "gate=true", inputs='["a", "b"]', concurrency=2),
            kit.notebook("clean", "load", max_retries=1),
            kit.notebook("serve", "clean", description="Serve it."),
        ],
        {"load": kit.Ending(values={"n": 3}, exit_value="done"), "clean": kit.FAILED},
        parameters={"day": "1", "extra": "2"},
    )
    simulation.run()
    return simulation


@pytest.fixture(scope="module")
def document(run):
    return record(run.graph, run.state)


def task(document, key):
    return next(found for found in document["tasks"] if found["task_key"] == key)


def test_it_is_json(document):
    """The record is one JSON document."""
    assert json.loads(json.dumps(document)) == document


def test_the_run(document):
    """The run has the fields of `runs/get`, with the API's quirk for a failed run."""
    assert document["run_id"] == 7
    assert document["run_name"] == "job"
    assert document["state"] == {
        "life_cycle_state": "INTERNAL_ERROR",
        "result_state": "FAILED",
        "state_message": "Task clean failed with message: boom",
        "user_cancelled_or_timedout": False,
    }
    assert document["status"] == {
        "state": "TERMINATED",
        "termination_details": {
            "code": "RUN_EXECUTION_ERROR",
            "type": "CLIENT_ERROR",
            "message": "Task clean failed with message: boom",
        },
    }
    assert document["end_time"] - document["start_time"] == document["run_duration"] == 30
    assert document["job_parameters"] == [
        {"name": "day", "value": "1"},
        {"name": "extra", "value": "2"},
    ]


def test_a_notebook(document):
    """A notebook task has its block, its exit value, its task values and its attempts."""
    load = task(document, "load")
    assert load["run_id"] == 7_000_001
    assert load["attempt_number"] == 0
    assert load["run_if"] == "ALL_SUCCESS"
    assert load["depends_on"] == []
    assert load["notebook_task"]["base_parameters"] == {"n": "{{job.run_id}}"}
    assert load["resolved_values"]["notebook_task"]["base_parameters"] == {
        "n": "7",
        "day": "1",
        "extra": "2",
    }
    assert load["output"] == {"notebook_output": {"result": "done", "truncated": False}}
    assert load["task_values"] == {"n": 3}
    assert load["state"]["life_cycle_state"] == load["status"]["state"] == "TERMINATED"
    assert load["status"]["termination_details"]["type"] == "SUCCESS"
    assert len(load["attempts"]) == 1


def test_a_failure(document):
    """A failed task shows the error of its last attempt, and all attempts."""
    clean = task(document, "clean")
    assert clean["attempt_number"] == 1
    assert clean["output"]["error"] == "boom"
    assert clean["output"]["error_trace"] == ""
    assert [each["state"]["result_state"] for each in clean["attempts"]] == ["FAILED"] * 2
    assert clean["attempts"][0]["failure"]["cause"] == "cell_error"
    assert clean["max_retries"] == 1


def test_a_condition(document):
    """An If/else shows its block as written, the outcome, and what was compared."""
    gate = task(document, "gate")
    assert gate["condition_task"]["left"] == "{{tasks.load.values.n}}"
    assert gate["condition_task"]["outcome"] == "true"
    assert gate["resolved_values"]["condition_task"]["left"] == "3"


def test_a_for_each(document):
    """A For each shows its counts and every iteration."""
    each = task(document, "each")
    assert each["depends_on"] == [{"task_key": "gate", "outcome": "true"}]
    assert each["for_each_task"]["stats"]["task_run_stats"] == {
        "total_iterations": 2,
        "active_iterations": 0,
        "scheduled_iterations": 0,
        "completed_iterations": 2,
        "succeeded_iterations": 2,
        "failed_iterations": 0,
    }
    assert [(found["iteration"], found["input"]) for found in each["iterations"]] == [
        (0, "a"),
        (1, "b"),
    ]
    assert each["iterations"][0]["attempts"][0]["output"]["notebook_output"] == {"truncated": False}


def test_a_skipped_task(document):
    """A task that did not run says why, and has an id all the same."""
    serve = task(document, "serve")
    assert serve["state"]["result_state"] == "UPSTREAM_FAILED"
    assert serve["status"]["termination_details"]["code"] == "SKIPPED"
    assert "'clean' failed" in serve["state"]["state_message"]
    assert serve["run_id"] > 0
    assert serve["attempts"] == []
    assert serve["output"] == {}
    assert serve["description"] == "Serve it."


def test_before_the_start(run):
    """A run that did not begin is pending, its tasks blocked."""
    document = record(run.graph, RunState.fresh(run.graph))
    assert document["status"] == {"state": "PENDING"}
    assert document["start_time"] == document["end_time"] == 0
    assert task(document, "load")["status"] == {"state": "BLOCKED"}


def test_while_it_runs(kit):
    """A running task shows its progress; one that waits for a retry is WAITING."""
    run = kit.Simulation(
        [
            kit.notebook("load", max_retries=1, min_retry_interval_millis=1000),
            kit.notebook("slow"),
        ],
        {"load": kit.FAILED, "slow": kit.Ending(takes=None)},
    )
    run.run(until=20)
    run.record(AttemptProgressed(run.now, Unit("slow"), 0, 2, 5))
    document = record(run.graph, run.state)
    assert document["status"] == {"state": "RUNNING"}
    assert task(document, "slow")["progress"] == {"cell": 2, "cells": 5}
    assert task(document, "load")["status"] == {"state": "WAITING"}
    assert task(document, "load")["state"]["life_cycle_state"] == "WAITING_FOR_RETRY"


def test_repair_history(kit):
    """The history has the original run and each repair, with the task runs of each."""
    run = kit.Simulation(
        [kit.notebook("load"), kit.notebook("clean", "load")], {"clean": kit.FAILED}
    )
    run.run()
    run.script = {}
    run.now += 1000
    run.record(plan_repair(run.graph, run.state, run.now))
    run.run()
    document = record(run.graph, run.state)
    original, repair = document["repair_history"]
    assert (original["type"], original["task_run_ids"]) == ("ORIGINAL", [7_000_001, 7_000_002])
    assert (repair["type"], repair["id"], repair["task_run_ids"]) == ("REPAIR", 7001, [7_000_003])
    assert original["state"]["result_state"] == "FAILED"
    assert repair["state"]["result_state"] == "SUCCESS"
    assert document["run_duration"] == 30


def test_a_long_exit_value(kit):
    """Of an exit value the first 5 MB are kept, and the record says so."""
    run = kit.Simulation(
        [kit.notebook("load")], {"load": kit.Ending(exit_value="ä" * LONGEST_RESULT)}
    )
    output = task(record(run.graph, run.run()), "load")["output"]["notebook_output"]
    assert output["truncated"] is True
    assert len(output["result"]) == LONGEST_RESULT // 2


def test_what_a_notebook_told_of_itself(kit):
    """Each kind in its own list, in the order of their first words; the last words count."""
    simulation = kit.Simulation([kit.notebook("load")])
    simulation.run(until=1)
    for report in (
        {"kind": "step", "id": "b", "state": "running"},
        {"kind": "step", "id": "a", "state": "running"},
        {"kind": "expectations", "id": "t", "rows": 3},
        {"kind": "step", "id": "b", "state": "failed"},
    ):
        simulation.record(AttemptReported(1, Unit("load"), 0, report))
    (attempt,) = task(record(simulation.graph, simulation.state), "load")["attempts"]
    assert attempt["steps"] == [{"id": "b", "state": "failed"}, {"id": "a", "state": "running"}]
    assert attempt["expectations"] == [{"id": "t", "rows": 3}]
    assert "child_runs" not in attempt


def test_a_retry_names_the_attempt_that_it_repeats(kit):
    """As the API has it; a repair begins anew."""
    run = kit.Simulation([kit.notebook("load", max_retries=2)], {"load": kit.FAILED})
    run.run()
    (found,) = record(run.graph, run.state)["tasks"]
    assert (found["original_attempt_run_id"], found["run_id"]) == (7_000_001, 7_000_003)
    run.record(plan_repair(run.graph, run.state, run.now))
    run.run()
    (found,) = record(run.graph, run.state)["tasks"]
    assert (found["original_attempt_run_id"], found["run_id"]) == (7_000_004, 7_000_006)


def test_a_run_that_a_notebook_called(run):
    """It is a workflow's run, as the API calls those, started once."""
    called = record(run.graph, replace(run.state, trigger="workflow_run"))
    assert (called["run_type"], called["trigger"]) == ("WORKFLOW_RUN", "ONE_TIME")
    assert record(run.graph, run.state)["run_type"] == "JOB_RUN"
