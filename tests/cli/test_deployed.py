"""Deploy, list, pause, backfill: as a person types it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from typer.testing import CliRunner

from nbkit import api
from nbkit.app.serving import is_served, serving
from nbkit.cli.main import program
from nbkit.events import RunFinished, RunHeldUp, RunStarted
from nbkit.ledger.store import Ledger
from nbkit.settings import Settings

CHECK = {
    "task_key": "check",
    "condition_task": {"left": "{{job.parameters.day}}", "op": "NOT_EQUAL", "right": ""},
}
NIGHTLY = {"quartz_cron_expression": "0 30 2 * * ?", "timezone_id": "UTC"}


@pytest.fixture
def say(tmp_path, monkeypatch):
    (tmp_path / "nbkit.toml").touch()
    monkeypatch.chdir(tmp_path)
    job = {"name": "nightly", "tasks": [CHECK], "schedule": NIGHTLY}
    job["parameters"] = [{"name": "day", "default": "{{job.start_time.iso_date}}"}]
    (tmp_path / "job.json").write_text(json.dumps(job))

    def said(*arguments, status=0):
        done = CliRunner().invoke(program, [str(each) for each in arguments])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == status, done.output
        return done.stdout

    return said


def test_deploy_list_pause_resume_undeploy(say):
    """Each says what it did, in one line."""
    assert say("jobs") == "No job is deployed; deploy one with: nbkit deploy JOB\n"
    job_id = say("deploy", "job.json").split()[-1]
    assert say("deploy", "job.json") == f"updated nightly as job {job_id}\n"
    (listed,) = json.loads(say("jobs", "--json", "--next", 2))["jobs"]
    assert (listed["job_id"], listed["state"]) == (int(job_id), "waiting")
    assert [time[10:] for time in listed["next"]] == ["T02:30:00Z", "T02:30:00Z"]
    assert listed["last_run"] is None
    assert say("pause", "nightly") == "nightly is paused\n"
    (listed,) = json.loads(say("jobs", "--json"))["jobs"]
    assert (listed["state"], listed["next"], listed["triggers"]) == ("paused", [], [])
    assert "paused" in say("jobs")
    assert say("resume", job_id) == "nightly starts by itself again\n"
    assert say("undeploy", "job.json") == f"nightly (job {job_id}) is deployed no more\n"
    assert json.loads(say("jobs", "--json")) == {"jobs": []}


def waits(say, name):
    found = json.loads(say("jobs", "--json"))["jobs"]
    (mine,) = [each for each in found if each["name"] == name]
    return {(each["trigger"], each["message"]) for each in mine["waits_for"]}


def test_a_list_says_what_each_job_waits_for(say, tmp_path):
    """The same rules as the service goes by; and whether there is one."""
    (tmp_path / "in").mkdir()
    triggers = [
        {"file_arrival": {"url": "in"}},
        {"table_update": {"table_names": ["silver.orders"]}},
        {"job_completion": {"jobs": [{"workspace_id": "0", "job_id": "nightly"}]}},
        {"schedule": NIGHTLY, "pause_status": "PAUSED"},
    ]
    check = {"task_key": "a", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}
    job = {"name": "several", "tasks": [check], "triggers": triggers}
    (tmp_path / "several.json").write_text(json.dumps(job))
    say("deploy", "job.json")
    say("deploy", "several.json")
    before = json.loads(say("runs", "--json"))
    alone = ("", "no service runs on this machine; `nbkit serve` starts it")
    assert waits(say, "nightly") == {alone}
    assert waits(say, "several") == {
        alone,
        ("file_arrival", "no new file in in"),
        ("table_update", "there is no Delta table silver.orders"),
        ("job_completion", "no new end of nightly"),
        ("schedule", "paused; `nbkit resume` ends that"),
    }
    assert "several: file_arrival: no new file in in" in say("jobs")
    log = tmp_path / ".nbkit" / "warehouse" / "silver.db" / "orders" / "_delta_log"
    log.mkdir(parents=True)
    (tmp_path / "in" / "a").touch()
    with serving(Settings.of(tmp_path)):
        found = waits(say, "several")
    assert alone not in found
    happened = "what it waits for has happened; the service starts it in a moment"
    assert ("file_arrival", happened) in found
    assert alone in waits(say, "several")
    assert json.loads(say("runs", "--json")) == before
    say("pause", "several")
    paused = {(kind, "paused; `nbkit resume` ends that") for each in triggers for kind in each}
    assert waits(say, "several") == paused - {("pause_status", "paused; `nbkit resume` ends that")}


def test_who_asks_for_a_service_is_not_taken_for_one(tmp_path):
    """Asking holds the lock for a moment, too; many ask at once."""
    settings = Settings.model_validate({"root": tmp_path})
    with serving(settings), serving(settings):
        assert is_served(settings)
    with ThreadPoolExecutor(4) as pool:
        assert not any(pool.map(lambda _: is_served(settings), range(2000)))


def test_a_list_says_what_keeps_a_job_from_running(say, tmp_path):
    """A run that waits for its turn, one that was skipped, a notebook that is gone."""
    empty = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "a.ipynb").write_text(json.dumps(empty))
    task = {"task_key": "a", "notebook_task": {"notebook_path": "a"}}
    for name, queue in (("line", True), ("skip", False)):
        job = {"name": name, "tasks": [task], "queue": {"enabled": queue}}
        (tmp_path / f"{name}.json").write_text(json.dumps(job))
        say("deploy", f"{name}.json")
        job_id = api.deployed_job(name).job_id
        with closing(Ledger(Settings.of(tmp_path).ledger_url)) as ledger:
            for number in range(2):
                run_id = ledger.begin(name, job_id, json.dumps(job), f"deployed:{job_id}")
                said = RunStarted(1, run_id, job_id, name)
                if number and queue:
                    said = RunHeldUp(1, run_id, job_id, name, "Another run goes on.")
                ledger.append(run_id, said)
            if not queue:
                end = "MAXIMUM_CONCURRENT_RUNS_REACHED"
                code = "MAX_CONCURRENT_RUNS_EXCEEDED"
                ledger.append(run_id, RunFinished(2, end, code, "Another run goes on."))
            (found,) = waits(say, name)
        verb = "waits" if queue else "was skipped"
        assert found == ("", f"run {run_id} {verb}: Another run goes on.")
    (tmp_path / "a.ipynb").unlink()
    assert any("a run would fail: " in said and "a" in said for _, said in waits(say, "line"))


def test_a_backfill_runs_each_window_with_its_start(say):
    """Of a deployed job or of a file; a date alone is included."""
    window = ("--from", "2026-01-01", "--to", "2026-01-03")
    given = ("-p", "day={{backfill.iso_date}}")
    say("deploy", "job.json")
    planned = say("backfill", "nightly", *window, *given, "--plan").split()
    assert planned == ["1", "2", "3"]
    found = json.loads(say("backfill", "job.json", *window, *given, "--json"))["runs"]
    assert [run["job_parameters"][0]["value"] for run in found] == [
        "2026-01-01",
        "2026-01-02",
        "2026-01-03",
    ]
    assert {run["state"]["result_state"] for run in found} == {"SUCCESS"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pause", "nightyl"), "no job nightyl is deployed; nearest: nightly"),
        (("backfill", "other", "--from", "2026-01-01", "--to", "2026-01-02"), "no job other"),
        (("backfill", "nightly", "--from", "x", "--to", "2026-01-02"), "--from x: a time is given"),
        (("backfill", "nightly", "--from", "2026-01-02", "--to", "2026-01-01"), "no time between"),
        (
            ("backfill", "nightly", "--from", "2026-01-01", "--to", "2027-01-01", "--every", "1m"),
            "at most 10,000 are begun at once",
        ),
        (
            (
                "backfill",
                "nightly",
                "--from",
                "2026-01-01",
                "--to",
                "2026-01-02",
                "--every",
                "soon",
            ),
            "--every soon: ",
        ),
    ],
)
def test_mistakes_get_a_sentence(say, arguments, message):
    """And nothing runs."""
    say("deploy", "job.json")
    with pytest.raises(Exception, match=message):
        say(*arguments)
    assert json.loads(say("runs", "--json")) == {"runs": []}


def test_what_can_never_fire_is_refused(say, tmp_path):
    """A trigger that only Databricks has; paused, it may stand."""
    condition = {"sql_query_id": "1", "warehouse_id": "2"}
    job = {"name": "x", "tasks": [CHECK], "parameters": [{"name": "day", "default": "1"}]}
    job["schedule"] = {**NIGHTLY, "sql_condition": condition}
    (tmp_path / "x.json").write_text(json.dumps(job))
    with pytest.raises(Exception, match="its query is kept on Databricks"):
        say("deploy", "x.json")
    job["schedule"]["pause_status"] = "PAUSED"
    (tmp_path / "x.json").write_text(json.dumps(job))
    say("deploy", "x.json")
    with pytest.raises(Exception, match="its query is kept on Databricks"):
        say("resume", "x")
