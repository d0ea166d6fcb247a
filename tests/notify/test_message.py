"""Who hears of what: events and settings to messages, without sending any."""

from __future__ import annotations

import pytest

from nbkit.errors import Failure
from nbkit.events import (
    AttemptFinished,
    AttemptStarted,
    CancelRequested,
    DurationExceeded,
    ForEachFinished,
    ForEachStarted,
    RunFinished,
    RunRepaired,
    RunStarted,
    TaskSkipped,
    Unit,
)
from nbkit.graph.model import Job
from nbkit.graph.run_graph import RunGraph
from nbkit.notify.message import OCCASIONS, message
from nbkit.rules.apply import apply
from nbkit.rules.state import RunState

EVERYTHING = {
    "email_notifications": {occasion: [f"{occasion}@x.org"] for occasion in OCCASIONS},
    "webhook_notifications": {occasion: [{"id": "hook"}] for occasion in OCCASIONS},
}
START = RunStarted(0, 1, 2, "etl")


def task(key="load", **settings):
    return {"task_key": key, "notebook_task": {"notebook_path": key}, **settings}


def told(events, *tasks, **job):
    """Return (occasion, title) of every message that the events give."""
    graph = RunGraph(Job.model_validate({"name": "etl", "tasks": tasks or [task()], **job}))
    state = RunState.fresh(graph)
    found = []
    for event in events:
        state = apply(graph, state, event)
        if given := message(graph, state, event):
            found.append(given)
    return found


def occasions(*arguments, **job):
    return [given.occasion for given in told(*arguments, **job)]


def begun(attempt=0, key="load", iteration=None):
    return AttemptStarted(1, Unit(key, iteration), attempt, 1_000_001 + attempt, {})


def over(result="SUCCESS", attempt=0, key="load", iteration=None):
    failure = None if result == "SUCCESS" else Failure("cell_error", "boom", "ValueError", cell=2)
    return AttemptFinished(2, Unit(key, iteration), attempt, result, failure=failure)


def test_a_job_tells_its_start_and_its_end():
    """Each message goes to those that its occasion names, and to nobody else."""
    found = told([START, begun(), over(), RunFinished(3, "SUCCESS", "SUCCESS")], **EVERYTHING)
    assert [(given.occasion, given.emails, given.webhooks) for given in found] == [
        ("on_start", ("on_start@x.org",), ("hook",)),
        ("on_success", ("on_success@x.org",), ("hook",)),
    ]
    assert [given.title for given in found] == [
        "Job etl started (run 1)",
        "Job etl succeeded (run 1)",
    ]


@pytest.mark.parametrize(
    ("result", "muting", "occasion"),
    [
        ("SUCCESS", {}, "on_success"),
        ("SUCCESS_WITH_FAILURES", {}, "on_success"),
        ("FAILED", {}, "on_failure"),
        ("TIMEDOUT", {}, "on_failure"),
        ("CANCELED", {}, "on_failure"),
        ("CANCELED", {"no_alert_for_canceled_runs": True}, None),
        ("CANCELED", {"no_alert_for_skipped_runs": True}, "on_failure"),
        ("FAILED", {"no_alert_for_canceled_runs": True}, "on_failure"),
        ("MAXIMUM_CONCURRENT_RUNS_REACHED", {}, "on_failure"),
        ("MAXIMUM_CONCURRENT_RUNS_REACHED", {"no_alert_for_skipped_runs": True}, None),
    ],
)
def test_the_end_of_a_run(result, muting, occasion):
    """Cancelled and skipped runs are failures unless the job mutes them."""
    found = occasions([RunFinished(1, result, "")], notification_settings=muting, **EVERYTHING)
    assert found == ([occasion] if occasion else [])


@pytest.mark.parametrize(
    ("result", "muting", "occasion"),
    [
        ("UPSTREAM_FAILED", {}, "on_failure"),
        ("UPSTREAM_FAILED", {"no_alert_for_skipped_runs": True}, None),
        ("UPSTREAM_CANCELED", {"no_alert_for_canceled_runs": True}, None),
        ("CANCELED", {"no_alert_for_canceled_runs": True}, None),
        ("EXCLUDED", {}, None),
        ("DISABLED", {}, None),
    ],
)
def test_a_task_that_does_not_run(result, muting, occasion):
    """An excluded or disabled task is as the job wants it: nobody hears of it."""
    skipped = TaskSkipped(1, "load", result, "'a' failed.")
    noisy = task(notification_settings=muting, **EVERYTHING)
    found = told([START, skipped], noisy)
    assert [given.occasion for given in found] == ([occasion] if occasion else [])
    assert all(given.body == "'a' failed." for given in found)


RETRIED = [
    START,
    begun(),
    over("FAILED"),
    begun(1),
    over("FAILED", 1),
    begun(2),
    over("SUCCESS", 2),
]


def test_every_attempt_is_told():
    """A retried task tells the start and the end of each attempt."""
    noisy = task(max_retries=2, **EVERYTHING)
    assert occasions(RETRIED, noisy) == [
        *("on_start", "on_failure", "on_start", "on_failure", "on_start", "on_success"),
    ]


def test_only_the_last_attempt_is_told_on_request():
    """`alert_on_last_attempt`: the first start, and the end after which nothing is retried."""
    noisy = task(max_retries=2, notification_settings={"alert_on_last_attempt": True}, **EVERYTHING)
    assert occasions(RETRIED, noisy) == ["on_start", "on_success"]
    noisy["max_retries"] = 1
    assert occasions(RETRIED[:5], noisy) == ["on_start", "on_failure"]


def test_a_failure_says_why():
    """The body has the error and the cell."""
    (found,) = told(
        [START, begun(), over("FAILED")], task(email_notifications={"on_failure": ["a@b"]})
    )
    assert found.body == "ValueError: boom\n\nCell 3:\n"
    assert found.title == "Task load of job etl failed (run 1)"
    assert found.failed


def test_a_for_each_and_its_iterations_have_notifications_of_their_own():
    """The outer task tells of the whole, the inner one of each input."""
    each = {
        "task_key": "each",
        "for_each_task": {
            "inputs": "[1]",
            "task": task("one", email_notifications={"on_success": ["inner@x.org"]}),
        },
        "email_notifications": {"on_start": ["outer@x.org"], "on_success": ["outer@x.org"]},
    }
    events = [
        START,
        ForEachStarted(1, "each", 1_000_001, (1,)),
        begun(key="each", iteration=0),
        over(key="each", iteration=0),
        ForEachFinished(3, "each", "SUCCESS"),
    ]
    assert [(given.title, given.emails) for given in told(events, each)] == [
        ("Task each of job etl started (run 1)", ("outer@x.org",)),
        ("Task each[0] of job etl succeeded (run 1)", ("inner@x.org",)),
        ("Task each of job etl succeeded (run 1)", ("outer@x.org",)),
    ]


@pytest.mark.parametrize("unit", [None, Unit("load")])
def test_a_duration_warning(unit):
    """It goes to those who want it at its level: the job's or the task's."""
    warning = DurationExceeded(9, 60, unit)
    at_job = told([START, warning], **EVERYTHING)[1:]
    at_task = told([START, warning], task(**EVERYTHING))
    (found,) = at_job or at_task
    assert bool(at_job) is (unit is None)
    assert found.occasion == "on_duration_warning_threshold_exceeded"
    assert "more than 60 s" in found.title


def test_a_repair_is_a_start():
    """Who follows a job hears that it goes on."""
    end = RunFinished(1, "FAILED", "")
    found = told([START, end, RunRepaired(2, 1001, ("load",), {})], **EVERYTHING)
    assert found[-1].title == "Job etl was taken up again (run 1)"


def test_nobody_named_hears_nothing():
    """Neither do events that are no occasion."""
    assert told([START, begun(), over("FAILED"), RunFinished(3, "FAILED", "")]) == []
    assert occasions([START, CancelRequested(1)], **EVERYTHING) == ["on_start"]
