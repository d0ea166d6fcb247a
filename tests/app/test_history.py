"""Runs without a process: told as lost, cancelled for good, taken up by a repair."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager

import pytest

from nbkit.app import history, running
from nbkit.app.loading import load
from nbkit.errors import DefinitionError, UsageError
from nbkit.events import (
    AttemptFinished,
    AttemptStarted,
    RunCreated,
    RunFinished,
    RunRepaired,
    Unit,
)
from nbkit.ledger.store import Ledger
from nbkit.report.view import run_view
from nbkit.settings import Settings


@pytest.fixture
def settings(project):
    return Settings.of(project.root)


@pytest.fixture
def definition(project):
    project.notebook("good", "1")
    tasks = [project.notebook_task("a", "good"), project.notebook_task("b", "good", "a")]
    tasks.append(project.notebook_task("c", "good", "b"))
    return load(project.job(*tasks, parameters=[{"name": "day", "default": "1"}]))


@pytest.fixture
def lost(definition, settings):
    """A run in which `a` succeeded and `b` was at work when its process ended."""
    document = json.dumps(definition.parsed.document)
    ledger = Ledger(settings.ledger_url)
    run_id = ledger.begin("job", 1, document, definition.source)
    start = running.start_of_run(definition, settings, 1000, run_id=run_id)
    block = {"notebook_task": {"notebook_path": "good"}}
    events = [
        start,
        AttemptStarted(1001, Unit("a"), 0, 1_000_001, block),
        AttemptFinished(1002, Unit("a"), 0, "SUCCESS"),
        AttemptStarted(1003, Unit("b"), 0, 1_000_002, block),
    ]
    ledger.append_many(run_id, events)
    ledger.close()
    return run_id


@contextmanager
def driven(run_id, settings):
    """Drive a run, as another process would."""
    with closing(Ledger(settings.ledger_url)) as ledger:
        ledger.claim(run_id)
        yield


def results(state):
    return {key: task.result for key, task in state.tasks.items()}


def test_a_lost_run_shows_as_failed(lost, settings):
    """With what to do; what it never came to is not called running."""
    _, state = history.show(lost, settings)
    (listed,) = history.runs(settings)

    assert (state.result, state.code) == ("FAILED", "INTERNAL_ERROR")
    assert state.message.endswith("nbkit repair 1")
    assert results(state) == {"a": "SUCCESS", "b": "FAILED", "c": "CANCELED"}
    assert listed["state"]["result_state"] == "FAILED"
    assert listed["state"]["state_message"] == state.message


def test_a_run_with_a_process_goes_on(lost, settings):
    """Its lease says so, on whichever machine that is."""
    with driven(lost, settings):
        _, state = history.show(lost, settings)
        (listed,) = history.runs(settings)
        said = history.cancel(lost, settings)

    assert state.result is None
    assert listed["status"]["state"] == "RUNNING"
    assert "asked to end" in said


def test_a_lost_run_is_cancelled_on_record(lost, settings):
    """And once only."""
    first, second = history.cancel(lost, settings), history.cancel(lost, settings)
    _, state = history.show(lost, settings)

    assert "lost its process" in first
    assert "over already: CANCELED" in second
    assert state.result == "CANCELED"
    assert results(state)["a"] == "SUCCESS"


@pytest.mark.e2e
@pytest.mark.parametrize("cancelled", [False, True])
def test_a_repair_runs_what_is_missing_only(cancelled, lost, settings):
    """Of a lost run, and of one that was cancelled after its loss."""
    if cancelled:
        history.cancel(lost, settings)

    running.repair(lost, settings)

    _, state = history.show(lost, settings)
    assert set(results(state).values()) == {"SUCCESS"}
    attempts = {key: len(task.attempts) for key, task in state.tasks.items()}
    assert attempts == {"a": 1, "b": 2, "c": 1}


def test_a_repair_checks_before_it_begins(lost, settings, project):
    """A run that is driven, parameters nobody declares, a job file that has gone."""
    with (
        driven(lost, settings),
        pytest.raises(UsageError, match="another process"),
    ):
        running.repair(lost, settings)
    with pytest.raises(UsageError, match="nobody declares"):
        running.repair(lost, settings, parameters={"dya": "2"})
    with pytest.raises(DefinitionError, match="no task 'd'"):
        running.repair(lost, settings, tasks=["d"])
    (project.root / "job.json").unlink()
    with pytest.raises(UsageError, match="there is no job file"):
        running.repair(lost, settings)


def test_the_start_of_a_run_knows_its_job_and_values(definition, settings, project):
    """The job's id is the same wherever the project lies; given values win over defaults."""
    start = running.start_of_run(definition, settings, 1000, parameters={"day": "9"}, only=["+b"])

    assert start.parameters == {"day": "9"}
    assert start.overrides == ("day",)
    assert start.only == ("a", "b")
    assert start.parallel == 4
    assert start.job_id == definition.job_id(project.root) != 0


def test_the_time_between_a_run_and_its_repair_is_not_work(lost, definition, settings):
    """What nobody saw the end of counts for nothing."""
    ledger = Ledger(settings.ledger_url)
    ledger.claim(lost)
    hour = 3_600_000
    again = [RunRepaired(at, 1, ("b", "c"), {}) for at in (hour, 2 * hour)]
    ends = [RunFinished(hour + 30, "FAILED", "X"), RunFinished(2 * hour + 12, "SUCCESS", "SUCCESS")]
    ledger.append_many(lost, [again[0], ends[0], again[1], ends[1]])
    ledger.close()
    (listed,) = history.runs(settings)

    assert listed["end_time"] - listed["start_time"] > 2 * hour - 2000
    assert listed["run_duration"] == 42
    assert run_view(listed).worked == 42
    assert [each["type"] for each in listed["repair_history"]] == ["ORIGINAL", "REPAIR", "REPAIR"]


def test_a_run_whose_process_ended_before_it_began(definition, settings):
    """Its tasks have the ids that a client may have read; it says that no repair can help."""
    document = json.dumps(definition.parsed.document)
    created = RunCreated(5, 0, 1, "job", creator="ada", task_runs={"a": 1, "b": 2, "c": 3})
    with closing(Ledger(settings.ledger_url)) as ledger:
        run_id = ledger.begin("job", 1, document, definition.source, created=created)
        begun = history.recorded(run_id, settings)
    found = history.recorded(run_id, settings)
    (listed,) = history.runs(settings)

    ids = [run_id * 1_000_000 + n for n in (1, 2, 3)]
    for record in (begun, found):
        assert [task["run_id"] for task in record["tasks"]] == ids
    assert begun["status"]["state"] == "PENDING"
    assert found["state"]["result_state"] == listed["state"]["result_state"] == "FAILED"
    assert "run the job again" in found["state"]["state_message"]
    assert listed["state"]["state_message"] == found["state"]["state_message"]
    assert listed["creator_user_name"] == "ada"
    assert listed["run_page_url"] == (settings.runs_directory / "1" / "report.html").as_uri()
    with pytest.raises(UsageError, match="run the job again"):
        running.repair(run_id, settings)
