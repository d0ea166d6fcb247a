"""The Python API: runs from tests, notebooks and running event loops, with their record."""

from __future__ import annotations

import asyncio
import getpass
import time

import pytest

import nbkit
from nbkit import api
from nbkit.errors import DefinitionError, RunNotFoundError, UsageError
from nbkit.settings import Settings


@pytest.fixture(autouse=True)
def here(project, monkeypatch):
    monkeypatch.chdir(project.root)


@pytest.fixture
def job(project):
    """A job that succeeds or fails as its parameter says: only numbers can be greater."""
    check = project.condition("check", "{{job.parameters.left}}", "GREATER_THAN", "1")
    parameters = [{"name": "left", "default": "2"}]
    return project.job(check, name="numbers", parameters=parameters)


def test_a_run_is_its_record(job, project):
    """The record of `--json`, and short ways to what is asked most."""
    ran = nbkit.run(job, show="nothing")

    assert (ran.run_id, ran.result_state, ran.succeeded) == (1, "SUCCESS", True)
    assert ran.tasks["check"]["condition_task"]["outcome"] == "true"
    assert ran.directory == project.root / "runs/1"
    assert ran.report.is_file()
    assert repr(ran) == "<Run 1 of 'numbers': SUCCESS>"
    assert nbkit.show(1) == ran
    with pytest.raises(KeyError):
        ran.value("check", "rows")


def test_a_run_that_fails_is_returned_and_can_be_repaired(job):
    """Only what cannot begin raises; parameters of any JSON type go as text."""
    failed = nbkit.run(job, {"left": "many"}, show="nothing")
    repaired = nbkit.repair(failed.run_id, parameters={"left": 5}, show="nothing")

    assert (failed.succeeded, failed.result_state) == (False, "FAILED")
    assert (repaired.run_id, repaired.succeeded) == (failed.run_id, True)
    assert [run["run_id"] for run in nbkit.runs()] == [1]


def test_what_cannot_begin_raises(job, project):
    """With the errors that the command line prints, and nothing on record."""
    with pytest.raises(UsageError, match="nobody declares the parameter lfet; nearest: left"):
        nbkit.run(job, {"lfet": 1})
    with pytest.raises(UsageError, match="a parameter's name is text"):
        nbkit.run(job, {1: 1})
    with pytest.raises(DefinitionError, match="no task chekc; nearest: check"):
        nbkit.run(job, only=["chekc"])
    with pytest.raises(RunNotFoundError):
        nbkit.show(1)
    assert nbkit.runs() == []


def test_it_works_in_a_running_event_loop(job):
    """As in JupyterLab, where a loop runs in the kernel's main thread."""

    async def cell():
        return nbkit.run(job, show="nothing")

    assert asyncio.run(cell()).succeeded


@pytest.mark.e2e
def test_notebooks_run_in_a_running_event_loop(project):
    """Exit values and output notebooks are there."""
    project.notebook("good", "dbutils.notebook.exit(f'day {day}')", parameters="day = 1")
    job = project.job(project.notebook_task("good", "good"))

    async def cell():
        return nbkit.run(job, {"day": 7}, show="nothing")

    ran = asyncio.run(cell())

    assert ran.exit_value("good") == "day 7"
    assert ran.output_notebook("good") == project.root / "runs/1/good/0.ipynb"


def test_progress_goes_to_standard_error(job, capsys):
    """Or nowhere."""
    nbkit.run(job)
    live = capsys.readouterr()
    nbkit.run(job, show="nothing")

    assert (live.out, capsys.readouterr()) == ("", ("", ""))
    assert "numbers succeeded" in live.err


def test_explain_and_validate_run_nothing(job):
    """They answer with values."""
    (step,) = api.explain(job, {"left": "0"})

    assert step.outcome is False
    assert nbkit.validate(job) == ()
    assert nbkit.runs() == []


def test_a_run_begins_and_its_id_is_known_at_once(project):
    """It goes on in a process of its own; the same token is the same run."""
    job = project.job(
        project.condition("a", "{{job.parameters.x}}", "EQUAL_TO", "1"),
        parameters=[{"name": "x", "default": "0"}],
    )

    run_id = api.start(job, {"x": 1}, idempotency_token="once")

    assert api.start(job, {"x": 1}, idempotency_token="once") == run_id
    with pytest.raises(UsageError, match="nobody declares the parameter y"):
        api.start(job, {"y": 1})
    settings = Settings.of(project.root)
    (at_once,) = api.show(run_id, settings=settings).record["tasks"]
    assert at_once["run_id"] == run_id * 1_000_000 + 1
    while (found := api.show(run_id, settings=settings)).result_state is None:
        time.sleep(0.05)
    assert found.succeeded
    assert found.record["job_parameters"][0]["value"] == "1"
    assert found.tasks["a"]["run_id"] == at_once["run_id"]
    assert found.record["run_page_url"] == found.report.as_uri()
    assert found.record["creator_user_name"] == getpass.getuser()
