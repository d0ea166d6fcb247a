"""A Run Job task hands over what the other job needs, and tells how it ended."""

from __future__ import annotations

import json

import pytest

from nbkit.errors import UsageError
from nbkit.events import AttemptFinished, AttemptStarted, RunStarted, Unit
from nbkit.graph.load import parse_job
from nbkit.kernels.attempt import StopRequest
from nbkit.rules.apply import replay
from nbkit.rules.commands import StartAttempt
from nbkit.rules.record import record
from nbkit.tasks.run_job import ChildEnd, RunJobTasks
from nbkit.tasks.work import TaskFailedError, Work

BLOCK = {
    "job_id": "other.json",
    "job_parameters": {"day": "monday"},
    "notebook_params": {"who": "me"},
    "python_params": [],
}
JOB = {"name": "j", "tasks": [{"task_key": "a", "run_job_task": BLOCK}]}


class Reported:
    def __init__(self):
        self.notes = []

    def noted(self, message):
        self.notes.append(message)


def attempt(result="SUCCESS", message="", *, stop=None, raises=None):
    calls, reported = [], Reported()

    def run_job(call, stopping, begun):
        calls.append(call)
        if raises:
            raise raises
        begun(12)
        if stop:
            stopping.request(stop)
        return ChildEnd(12, result, message)

    graph = parse_job(json.dumps(JOB)).graph
    state = replay(graph, [RunStarted(1, 7, 99, "j")])
    parameters = {"day": "monday", "env": "dev"}
    command = StartAttempt(Unit("a"), 0, 7_000_001, {"run_job_task": BLOCK}, parameters)
    work = Work(command, graph.job, graph.task("a"), state)
    return RunJobTasks(run_job)(work, reported, StopRequest()), calls[0], reported


def test_the_other_job_gets_its_parameters_and_the_jobs():
    """And knows which ones the task itself named; the run is linked as soon as it begins."""
    ended, call, reported = attempt()

    assert (ended.result, ended.child_run_id) == ("SUCCESS", 12)
    assert call.job == "other.json"
    assert call.parameters == {"day": "monday", "env": "dev"}
    assert call.named == {"day"}
    assert call.task_parameters == {"notebook_params": {"who": "me"}}
    assert reported.notes == ["Job other.json begins as run 12."]


@pytest.mark.parametrize(
    ("child", "result", "cause"),
    [
        ("SUCCESS_WITH_FAILURES", "SUCCESS", None),
        ("FAILED", "FAILED", "cell_error"),
        ("TIMEDOUT", "FAILED", "cell_error"),
        ("MAXIMUM_CONCURRENT_RUNS_REACHED", "FAILED", "cell_error"),
        ("CANCELED", "CANCELED", "canceled"),
        (None, "FAILED", "cell_error"),
    ],
)
def test_the_task_ends_as_the_run_did(child, result, cause):
    """A failure may be tried again, with a new run."""
    ended, _, _ = attempt(child, "Task x failed.")

    assert ended.result == result
    assert (ended.failure.cause if ended.failure else None) == cause
    if cause:
        assert ended.failure.message == f"Run 12 of the other job ended as {child}: Task x failed."


@pytest.mark.parametrize(
    ("stop", "result"), [("canceled", "CANCELED"), ("task_timeout", "TIMEDOUT")]
)
def test_stopping_says_why(stop, result):
    """The other run only knows that it was cancelled."""
    ended, _, _ = attempt("CANCELED", stop=stop)

    assert (ended.result, ended.failure.cause) == (result, stop)


def test_a_job_that_cannot_begin_is_no_crash():
    """Trying again would not help."""
    with pytest.raises(TaskFailedError, match="could not begin: no such job") as caught:
        attempt(raises=UsageError("no such job"))
    assert caught.value.cause == "invalid_reference"


def test_the_run_is_linked_on_record():
    """As the Jobs API does it."""
    graph = parse_job(json.dumps(JOB)).graph
    state = replay(
        graph,
        [
            RunStarted(1, 7, 99, "j"),
            AttemptStarted(2, Unit("a"), 0, 7_000_001, {"run_job_task": BLOCK}),
            AttemptFinished(3, Unit("a"), 0, "SUCCESS", child_run_id=12),
        ],
    )
    (task,) = record(graph, state)["tasks"]
    assert task["output"] == {"run_job_output": {"run_id": 12}}
