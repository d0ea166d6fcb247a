"""Deploy, list, pause, backfill: as a person types it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from nbkit.cli.main import program

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
