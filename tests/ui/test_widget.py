"""The widget without a browser: what it hands to the front end, and what it leaves behind."""

from __future__ import annotations

import json
import re
from contextlib import closing

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from processes import until

from nbkit.app.loading import load
from nbkit.app.work_board import WorkBoard
from nbkit.errors import DefinitionError
from nbkit.events import (
    AttemptStarted,
    CancelRequested,
    RunFinished,
    RunStarted,
    TaskSkipped,
    Unit,
)
from nbkit.ledger.store import Ledger
from nbkit.settings import Settings
from nbkit.spark.work_now import starting
from nbkit.ui.document import JobDocument
from nbkit.ui.widget import MIME, JobWidget, job

NAME = "trial <b>"
START = 1_795_430_000_000
RUNS = {"notebook_task": {"notebook_path": "n.ipynb"}}


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nbkit.toml").touch()
    nbformat.write(new_notebook(cells=[new_code_cell("1")]), tmp_path / "n.ipynb")
    tasks = [{"task_key": "a", "notebook_task": {"notebook_path": "n.ipynb"}}]
    parameters = [{"name": "month", "default": "1"}]
    (tmp_path / "job.json").write_text(
        json.dumps({"name": NAME, "parameters": parameters, "tasks": tasks})
    )
    return tmp_path


@pytest.fixture
def shown(project):
    made = []

    def show():
        made.append(job("job.json"))
        return made[-1]

    yield show
    for widget in made:
        widget.close()


def begin(project, *events):
    """Record a run of the job, and return its id."""
    definition, settings = load("job.json"), Settings.of()
    ledger = Ledger(settings.ledger_url)
    job_id = definition.job_id(settings.root)
    document = (project / "job.json").read_text()
    run_id = ledger.begin(NAME, job_id, document, definition.source)
    ledger.append(run_id, RunStarted(at=START, run_id=run_id, job_id=job_id, run_name=NAME))
    ledger.append_many(run_id, events)
    ledger.close()
    return run_id


def test_a_job_that_never_ran_shows_its_graph_and_parameters(shown):
    widget = shown()
    dashboard = widget.dashboard
    assert dashboard["job"]["parameters"] == [["month", "1"]]
    assert dashboard["job"]["folder"] == ""
    assert dashboard["run"]["id"] == 0
    assert [task["look"]["word"] for task in dashboard["tasks"].values()] == ["waiting"]
    status = dashboard["status"]
    assert (status.pop("message"), any(status.values())) == ("", False)
    assert "<b>" not in dashboard["graph"]
    json.dumps(dashboard)


def test_what_is_left_without_a_widget_is_a_picture(shown):
    bundle = shown()._bundle()
    assert "trial &lt;b&gt;" in bundle["image/svg+xml"]
    assert "trial &lt;b&gt;" in bundle["text/html"]
    assert "trial <b>" not in bundle["text/html"] + bundle["image/svg+xml"]
    assert "not run yet" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
    without_pictures = re.sub("<[^>]*>", " ", bundle["text/html"])
    assert "○ a: waiting" in without_pictures
    assert bundle["text/plain"] == "trial <b>: not run yet"


def test_the_latest_run_is_followed_whoever_began_it(project, shown):
    """Reopening shows the run that goes on; its end arrives without being asked for."""
    begin(project, RunFinished(START + 5, "CANCELED", "USER_CANCELED"))
    run_id = begin(project)
    with closing(Ledger(Settings.of().ledger_url)) as ledger:
        ledger.claim(run_id)
        widget = shown()
        assert widget.run_id == run_id
        assert widget.dashboard["status"]["live"] is True
        end = (
            CancelRequested(START + 10),
            TaskSkipped(START + 10, "a", "CANCELED", "not needed"),
            RunFinished(START + 20, "CANCELED", "USER_CANCELED"),
        )
        ledger.append_many(run_id, end)
    until(lambda: not widget.dashboard["status"]["live"])
    assert widget.dashboard["run"]["look"]["word"] == "cancelled"
    assert widget.dashboard["tasks"]["a"]["reason"] == "not needed"


def test_what_spark_does_for_a_task_is_shown_as_it_changes(project, shown):
    """Without any event on record; it goes with the run's process."""
    run_id = begin(project, AttemptStarted(START, Unit("a"), 0, 1, RUNS))
    folder = Settings.of().runs_directory / str(run_id)
    folder.mkdir(parents=True)
    with closing(Ledger(Settings.of().ledger_url)) as ledger:
        ledger.claim(run_id)
        with WorkBoard(folder) as board:
            widget = shown()
            board.put(Unit("a"), starting())
            until(lambda: widget.dashboard["tasks"]["a"]["spark"] == ["starting Spark …", None])
            board.put(Unit("a"), None)
            until(lambda: widget.dashboard["tasks"]["a"]["spark"] is None)


def test_a_run_that_lost_its_process_is_not_shown_as_live(project, shown):
    begin(project)
    dashboard = shown().dashboard
    assert dashboard["status"]["live"] is False
    assert dashboard["run"]["look"]["word"] == "failed"
    assert "nbkit repair 1" in dashboard["run"]["message"]


def test_an_earlier_run_is_shown_until_the_latest_is_asked_for(project, shown):
    """A run that begins meanwhile does not take its place."""
    end = RunFinished(START + 5, "CANCELED", "USER_CANCELED")
    first, second = begin(project, end), begin(project, end)
    widget = shown()
    assert (widget.run_id, widget.dashboard["status"]["pinned"]) == (second, False)
    widget._heard(widget, {"kind": "show", "run_id": first}, [])
    until(lambda: widget.run_id == first)
    begin(project, end)
    widget._turn()
    assert (widget.run_id, widget.dashboard["status"]["pinned"]) == (first, True)
    widget._heard(widget, {"kind": "show", "run_id": 0}, [])
    until(lambda: widget.run_id == second + 1)


@pytest.mark.e2e
def test_a_wrong_request_is_answered_on_the_page(project, shown):
    """A parameter that the job does not have: the program's own words, and no run."""
    widget = shown()
    widget._heard(widget, {"kind": "run", "parameters": {"mouth": "2"}}, [])
    until(lambda: "mouth" in widget.dashboard["status"]["message"])
    assert widget.run_id == 0
    begin(project, RunFinished(START + 5, "CANCELED", "USER_CANCELED"))
    widget._turn()
    widget._heard(widget, {"kind": "compare"}, [])
    assert "no run before this one" in widget._message


def test_a_job_that_is_invalid_is_not_shown(project):
    (project / "bad.json").write_text('{"name": "x", "tasks": [{}]}')
    with pytest.raises(DefinitionError):
        job("bad.json")


@pytest.fixture
def shown_in_place(project, monkeypatch):
    """What a kernel shows in place of a file, and nothing of it left afterwards."""
    said = []
    monkeypatch.setattr("IPython.display.display", lambda data, **_: said.append(data[MIME]))
    opened = JobDocument()

    def show(path, job_key=None):
        opened.open(path, job_key)
        return said[-1]

    yield show
    opened.close()


def test_in_place_of_a_file_there_is_its_job_or_what_is_wrong(project, shown_in_place):
    """A job that is the same has the same widget; a wrong one has problems, a bundle has keys."""
    first = shown_in_place("job.json")["model_id"]
    assert shown_in_place("job.json")["model_id"] == first
    changed = json.loads((project / "job.json").read_text()) | {"name": "changed"}
    (project / "job.json").write_text(json.dumps(changed))
    assert shown_in_place("job.json")["model_id"] != first
    wrong = {"name": "x", "tasks": [{"task_key": "a"}, {"task_key": "a"}]}
    (project / "job.json").write_text(json.dumps(wrong))
    problems = shown_in_place("job.json")["problems"]
    assert [severity for severity, _ in problems].count("error") >= 2
    assert "tasks[0]: task a has no task type" in problems[0][1]
    assert "none.json cannot be read" in shown_in_place("none.json")["problems"][0][1]
    jobs = {key: {"tasks": [{"task_key": key, **RUNS}]} for key in ("first", "second")}
    bundle = {"bundle": {"name": "two"}, "resources": {"jobs": jobs}}
    (project / "databricks.yml").write_text(json.dumps(bundle))
    assert shown_in_place("databricks.yml") == {"job_keys": ["first", "second"]}
    assert "model_id" in shown_in_place("databricks.yml", "second")


def test_a_closed_widget_follows_nothing(shown):
    widget = shown()
    assert isinstance(widget, JobWidget)
    widget.close()
    widget._thread.join(timeout=30)
    assert not widget._thread.is_alive()
