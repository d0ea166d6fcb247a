"""An idempotency token stands for one run of a job."""

from __future__ import annotations

import json
import threading
from contextlib import closing

import pytest

from nbkit import api
from nbkit.errors import UsageError
from nbkit.events import RunFinished, RunStarted
from nbkit.ledger.store import Ledger
from nbkit.ledger.turn import Turn
from nbkit.settings import Settings

GATE = {"task_key": "gate", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}


@pytest.fixture
def run(tmp_path):
    (tmp_path / "nbkit.toml").write_text("")
    settings = Settings.of(tmp_path)

    def run(token="", name="job"):
        job = tmp_path / f"{name}.json"
        if not job.exists():
            job.write_text(json.dumps({"name": name, "tasks": [GATE]}))
        return api.run(job, idempotency_token=token, show="nothing", settings=settings).run_id

    return run


def test_the_same_token_returns_the_existing_run(run):
    """Nothing runs the second time; other tokens, and none, make new runs."""
    assert [run("a"), run("a"), run("b"), run(), run(), run("a")] == [1, 1, 2, 3, 4, 1]


def test_each_job_has_its_own_tokens(run):
    """Two jobs may use the same one."""
    assert run("a", "one") != run("a", "other")


def test_a_token_has_a_longest_length(run):
    """The API takes 64 characters."""
    assert run("x" * 64) == 1
    with pytest.raises(UsageError, match="64"):
        run("x" * 65)


def test_a_run_that_goes_on_is_waited_for(run, tmp_path):
    """Like every `nbkit run`, the second one ends with the run that it stands for."""
    assert run() == 1
    settings = Settings.of(tmp_path)
    ledger = Ledger(settings.ledger_url)
    ledger.claim(1)
    found = []
    with closing(ledger), Turn(ledger, 1, 1) as turn:
        assert turn.take()
        threads = [
            threading.Thread(target=lambda: found.append(run("a"))),
            threading.Thread(target=lambda: found.append(run("a"))),
        ]
        for thread in threads:
            thread.start()
        threads[0].join(0.5)
        assert found == []
    for thread in threads:
        thread.join()
    assert found == [2, 2]
    assert api.show(2, settings=settings).succeeded


def test_a_run_that_has_no_event_yet_is_waited_for(run, tmp_path):
    """Whoever makes a run drives it from then on: it is no lost one."""
    assert run("first") == 1
    settings = Settings.of(tmp_path)
    ledger = Ledger(settings.ledger_url)
    job_id = ledger.runs()[0].job_id
    assert ledger.begin("job", job_id, ledger.definition(1).graph, "job.json", "a") == 2
    found = []
    thread = threading.Thread(target=lambda: found.append(run("a")))
    thread.start()
    thread.join(0.5)
    assert found == []
    ledger.append_many(2, [RunStarted(1, 2, job_id, "job"), RunFinished(2, "SUCCESS", "SUCCESS")])
    ledger.close()
    thread.join()
    assert found == [2]


def test_the_person_is_told_that_nothing_ran(tmp_path, capsys):
    """With progress on show, the existing run is named; a new one shows itself."""
    (tmp_path / "nbkit.toml").write_text("")
    (tmp_path / "job.json").write_text(json.dumps({"name": "job", "tasks": [GATE]}))
    for show, told in (("quiet", False), ("quiet", True), ("nothing", False)):
        api.run(
            tmp_path / "job.json",
            idempotency_token="a",
            show=show,
            settings=Settings.of(tmp_path),
        )
        assert ("run 1 of job has this token: SUCCESS" in capsys.readouterr().err) == told
