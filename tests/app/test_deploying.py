"""Jobs in the ledger: deployed, changed, paused, run from there."""

from __future__ import annotations

import json
import threading

import pytest

from nbkit import api
from nbkit.errors import DefinitionError, JobNotFoundError, UsageError

NIGHTLY = {"quartz_cron_expression": "0 30 2 * * ?", "timezone_id": "Europe/Berlin"}
CHECK = {"task_key": "check", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}
BUNDLE = """
bundle: {{name: shop}}
resources:
  jobs:
    {jobs}
targets:
  dev: {{mode: development, default: true}}
  prod: {{}}
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    (tmp_path / "nbkit.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, name, content):
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def job(name="nightly", **more):
    return {"name": name, "tasks": [CHECK], "schedule": NIGHTLY, **more}


def bundle(*names):
    text = {name: {"name": name.title(), "tasks": [CHECK], "schedule": NIGHTLY} for name in names}
    return BUNDLE.format(jobs=json.dumps(text))


def test_again_is_an_update_under_the_same_id(shop):
    """Who made it, and when, stays; what the file says now is what will run."""
    file = write(shop, "job.json", job())
    first = api.deploy(file, editor="ann")
    (before,) = first.jobs
    assert first.new == {before.job_id}
    write(shop, "job.json", job("hourly"))
    again = api.deploy(file, editor="bob")
    (after,) = again.jobs
    assert not again.new
    assert (after.job_id, after.name) == (before.job_id, "hourly")
    assert (after.creator, after.editor) == ("ann", "bob")
    assert after.created_at == before.created_at <= after.updated_at
    assert api.deployed_jobs() == [after]


def test_what_cannot_run_is_not_deployed_and_changes_nothing(shop):
    """One faulty job of a bundle keeps the others as they are."""
    api.deploy(write(shop, "databricks.yml", bundle("one", "two")), target="prod")
    before = api.deployed_jobs()
    write(shop, "databricks.yml", bundle("one", "three").replace("EQUAL_TO", "SAME", 1))
    with pytest.raises(DefinitionError):
        api.deploy("databricks.yml", target="prod")
    assert api.deployed_jobs() == before


def test_a_bundle_is_deployed_whole(shop):
    """What it has no more is removed; another target, and another file, are left alone."""
    alone = api.deploy(write(shop, "job.json", job())).jobs[0]
    write(shop, "databricks.yml", bundle("one", "two"))
    dev = api.deploy("databricks.yml").jobs
    api.deploy("databricks.yml", target="prod")
    write(shop, "databricks.yml", bundle("two", "three"))
    done = api.deploy("databricks.yml", target="prod")
    assert [each.name for each in done.jobs] == ["Two", "Three"]
    assert [each.name for each in done.removed] == ["One"]
    left = {(each.name, each.target) for each in api.deployed_jobs()}
    assert left == {
        (alone.name, ""),
        *((each.name, "dev") for each in dev),
        ("Two", "prod"),
        ("Three", "prod"),
    }


def test_a_target_is_the_same_by_name_and_by_default(shop):
    """Else everything would run twice."""
    write(shop, "databricks.yml", bundle("one"))
    assert api.deploy("databricks.yml").jobs[0].job_id == (
        api.deploy("databricks.yml", target="dev").jobs[0].job_id
    )
    assert len(api.deployed_jobs()) == 1


def test_development_pauses_what_it_deploys(shop):
    """A colleague's copy does not start by night."""
    write(shop, "databricks.yml", bundle("one"))
    assert api.deploy("databricks.yml").jobs[0].paused
    assert not api.deploy("databricks.yml", target="prod").jobs[0].paused


def test_a_job_is_paused_by_name_file_or_id(shop):
    """Whatever a person has at hand; a wrong name gets the nearest one."""
    made = api.deploy(write(shop, "job.json", job())).jobs[0]
    for name in ("nightly", "job.json", str(made.job_id), made.job_id):
        assert api.pause(name).paused
        assert not api.resume(name).paused
    with pytest.raises(UsageError, match=r"no job nightyl is deployed.*nightly"):
        api.pause("nightyl")
    write(shop, "plain.json", {"name": "plain", "tasks": [CHECK]})
    api.deploy("plain.json")
    with pytest.raises(UsageError, match="nothing starts plain by itself"):
        api.pause("plain")


def test_a_client_makes_changes_and_removes_jobs_without_a_file(shop):
    """Their settings are checked; their notebooks may come later."""
    task = {"task_key": "a", "notebook_task": {"notebook_path": "later"}}
    made = api.create_job({"name": "x", "tasks": [task]}, editor="ann")
    assert made == api.deployed_job(made.job_id)
    with pytest.raises(DefinitionError):
        api.create_job({"name": "x", "tasks": [{"task_key": "a"}]})
    with pytest.raises(DefinitionError):
        api.change_job(made.job_id, lambda before: before | {"max_concurrent_runs": -1})
    changed = api.change_job(made.job_id, lambda before: before | {"name": "y"}, editor="bob")
    assert (changed.name, changed.editor) == ("y", "bob")
    with pytest.raises(DefinitionError, match="later"):
        api.run_deployed(made.job_id)
    assert api.undeploy(made.job_id) == changed
    assert api.deployed_jobs() == []
    with pytest.raises(JobNotFoundError, match=f"Job {made.job_id} does not exist"):
        api.run_deployed(made.job_id)


def test_it_runs_as_it_was_deployed(shop):
    """Whatever the file says by now; its record says which job it was."""
    made = api.deploy(write(shop, "job.json", job())).jobs[0]
    write(shop, "job.json", "{")
    run_id = api.run_deployed(made.job_id, idempotency_token="once", launch=False)
    assert api.run_deployed(made.job_id, idempotency_token="once", launch=False) == run_id
    finished = api.drive(run_id, show="nothing")
    assert finished.result_state == "SUCCESS"
    assert finished.record["job_id"] == made.job_id
    assert [each["run_id"] for each in api.runs()] == [run_id]


def test_a_run_that_is_launched_goes_on_by_itself(shop):
    """In a process of its own."""
    made = api.deploy(write(shop, "job.json", job())).jobs[0]
    run_id = api.run_deployed(made.job_id)
    waiting = threading.Event()
    while api.show(run_id).result_state is None:
        waiting.wait(0.1)
    assert api.show(run_id).result_state == "SUCCESS"
