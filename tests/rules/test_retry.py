from __future__ import annotations

import pytest

from nbkit.errors import Failure
from nbkit.rules.retry import retry_at
from nbkit.rules.state import AttemptState


def attempt(result, cause):
    return AttemptState(
        attempt=0,
        task_run_id=1,
        started_at=1000,
        finished_at=1500,
        result=result,
        failure=None if cause is None else Failure(cause, "boom"),
    )


@pytest.mark.parametrize(
    ("result", "cause", "on_timeout", "retried"),
    [
        ("SUCCESS", None, True, False),
        ("FAILED", None, False, True),
        ("FAILED", "cell_error", False, True),
        ("FAILED", "cell_timeout", False, True),
        ("FAILED", "kernel_died", False, True),
        ("FAILED", "kernel_not_started", False, True),
        ("FAILED", "driver_lost", False, True),
        ("FAILED", "internal", False, True),
        ("FAILED", "invalid_reference", True, False),
        ("FAILED", "condition_error", True, False),
        ("FAILED", "notebook_unreadable", True, False),
        ("FAILED", "unsupported", True, False),
        ("FAILED", "orchestrator_lost", True, False),
        ("TIMEDOUT", "task_timeout", False, False),
        ("TIMEDOUT", "task_timeout", True, True),
        ("TIMEDOUT", "cell_timeout", True, True),
        ("CANCELED", "canceled", True, False),
        ("CANCELED", "run_timeout", True, False),
    ],
)
def test_what_is_retried(kit, result, cause, on_timeout, retried):
    """Failures that may pass are retried, timeouts on request, cancelled attempts never."""
    task = kit.graph_of([kit.notebook("load", max_retries=1, retry_on_timeout=on_timeout)]).task(
        "load"
    )
    assert (retry_at(task, attempt(result, cause), 0) is not None) == retried


@pytest.mark.parametrize(
    ("most", "retries", "again"),
    [(0, 0, False), (1, 0, True), (1, 1, False), (2, 1, True), (-1, 0, True), (-1, 999, True)],
)
def test_how_often(kit, most, retries, again):
    """`max_retries` bounds the retries; -1 is without end."""
    task = kit.graph_of([kit.notebook("load", max_retries=most)]).task("load")
    assert (retry_at(task, attempt("FAILED", "cell_error"), retries) is not None) == again


@pytest.mark.parametrize(("interval", "due"), [(0, 1500), (100, 1500), (2000, 3000)])
def test_when(kit, interval, due):
    """The interval counts from the start of the failed attempt, which must be over."""
    task = kit.graph_of(
        [kit.notebook("load", max_retries=1, min_retry_interval_millis=interval)]
    ).task("load")
    assert retry_at(task, attempt("FAILED", "cell_error"), 0) == due


def test_a_retry_waits_and_then_succeeds(kit):
    """A task that waits for its retry holds no slot, and says so; attempts count from 0."""
    run = kit.Simulation(
        [
            kit.notebook("load", max_retries=2, min_retry_interval_millis=100),
            kit.notebook("other"),
        ],
        {"load": [kit.FAILED, kit.Ending()]},
        parallel=1,
    )
    run.run(until=50)
    assert run.state.tasks["load"].life == "WAITING_FOR_RETRY"
    assert run.ran == ["load", "other"]
    state = run.run()
    assert state.result == "SUCCESS"
    assert run.starts[-1] == (("load", None), 100)
    assert [each.result for each in state.tasks["load"].attempts] == ["FAILED", "SUCCESS"]
    assert [each.attempt for each in state.tasks["load"].attempts] == [0, 1]


def test_values_of_a_failed_attempt_do_not_count(kit):
    """Task values are those of the last attempt."""
    run = kit.Simulation(
        [kit.notebook("load", max_retries=1)],
        {"load": [kit.Ending("FAILED", values={"a": 1}), kit.Ending(values={"b": 2})]},
    )
    assert run.run().task_values() == {"load": {"b": 2}}
