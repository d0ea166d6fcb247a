"""Runs over `max_concurrent_runs` wait for their turn, or are skipped where there is no queue."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing, contextmanager

import pytest

from nbkit import api
from nbkit.app import running
from nbkit.app.loading import load
from nbkit.errors import UsageError
from nbkit.ledger.store import Ledger
from nbkit.ledger.turn import Turn
from nbkit.settings import Settings

GATE = {"task_key": "gate", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}
BAD = {"task_key": "gate", "condition_task": {"op": "LESS_THAN", "left": "x", "right": "1"}}


class Project:
    def __init__(self, root):
        (root / "nbkit.toml").write_text("")
        self.job = root / "job.json"
        self.settings = Settings.of(root)
        self.write()

    def write(self, task=GATE, **settings):
        self.job.write_text(json.dumps({"name": "etl", "tasks": [task], **settings}))

    def run(self):
        return api.run(self.job, show="nothing", settings=self.settings)

    @contextmanager
    def busy(self):
        """Hold the only place of the job, as another process would that repairs the first run."""
        with closing(Ledger(self.settings.ledger_url)) as ledger:
            ledger.claim(1)
            with Turn(ledger, 1, 1) as turn:
                yield turn

    def show(self, run_id):
        return api.show(run_id, settings=self.settings).record

    def wait_for(self, run_id, state):
        while True:
            listed = api.runs(settings=self.settings)
            if listed[0]["run_id"] == run_id and listed[0]["status"]["state"] == state:
                return listed[0]
            time.sleep(0.02)


@pytest.fixture
def project(tmp_path):
    found = Project(tmp_path)
    assert found.run().succeeded
    return found


def test_a_run_over_the_limit_waits(project):
    """It is QUEUED, and says why; it goes on when its turn comes."""
    with project.busy() as turn:
        assert turn.take()
        thread = threading.Thread(target=project.run)
        thread.start()
        listed = project.wait_for(2, "QUEUED")
        queued = project.show(2)
    thread.join()

    assert listed["state"]["life_cycle_state"] == "QUEUED"
    assert queued["state"]["life_cycle_state"] == "QUEUED"
    assert queued["status"]["queue_details"] == {
        "code": "MAX_CONCURRENT_RUNS_REACHED",
        "message": "Another run of this job is going on (max_concurrent_runs is 1).",
    }
    done = project.show(2)
    assert done["state"]["result_state"] == "SUCCESS"
    assert done["queue_duration"] > 0


def test_a_waiting_run_can_be_cancelled(project):
    """Nothing of it ever ran."""
    with project.busy() as turn:
        assert turn.take()
        thread = threading.Thread(target=project.run)
        thread.start()
        project.wait_for(2, "QUEUED")
        api.cancel(2, settings=project.settings)
        thread.join()

    run = project.show(2)
    assert run["state"]["result_state"] == "CANCELED"
    assert run["tasks"][0]["state"]["result_state"] == "CANCELED"
    assert "while it waited" in run["state"]["state_message"]


@pytest.mark.parametrize("settings", [{"queue": {"enabled": False}}, {"max_concurrent_runs": 0}])
def test_without_a_queue_a_run_is_skipped(project, settings):
    """As the API says it: SKIPPED, MAXIMUM_CONCURRENT_RUNS_REACHED."""
    project.write(**settings)
    with project.busy() as turn:
        assert turn.take()
        run = project.run().record

    assert run["state"]["life_cycle_state"] == "SKIPPED"
    assert run["state"]["result_state"] == "MAXIMUM_CONCURRENT_RUNS_REACHED"
    assert run["status"]["termination_details"]["code"] == "MAX_CONCURRENT_RUNS_EXCEEDED"
    assert api.runs(settings=project.settings)[0]["state"]["life_cycle_state"] == "SKIPPED"
    with pytest.raises(UsageError, match="never started"):
        api.repair(2, show="nothing", settings=project.settings)


def test_a_repair_waits_too_and_is_never_skipped(project):
    """Without a queue it is refused, and the run stays as it was."""
    project.write(BAD, queue={"enabled": False})
    assert project.run().result_state == "FAILED"
    project.write(GATE, queue={"enabled": False})
    with project.busy() as turn:
        assert turn.take()
        with pytest.raises(UsageError, match="is going on"):
            api.repair(2, show="nothing", settings=project.settings)
        assert project.show(2)["state"]["result_state"] == "FAILED"
    assert api.repair(2, show="nothing", settings=project.settings).succeeded


class Clock:
    """Every look at it is a day later."""

    def __init__(self):
        self.days = 0

    def now(self):
        self.days += 1
        return self.days * 24 * 3_600_000


def test_after_two_days_a_run_is_given_up(project):
    """It is skipped like one without a queue, and says how long it waited."""
    definition = load(project.job)
    with project.busy() as turn:
        assert turn.take()
        run_id = running.run(definition, project.settings, clock=Clock())

    state = project.show(run_id)["state"]
    assert state["result_state"] == "MAXIMUM_CONCURRENT_RUNS_REACHED"
    assert "It waited for 48 hours" in state["state_message"]


def test_after_two_days_a_repair_is_given_up(project):
    """The run stays as it was."""
    project.write(BAD)
    assert project.run().result_state == "FAILED"
    with project.busy() as turn:
        assert turn.take()
        with pytest.raises(UsageError, match="waited for 48 hours"):
            running.repair(2, project.settings, clock=Clock())
    assert project.show(2)["state"]["result_state"] == "FAILED"
