"""A job belongs to the project of its own file, from wherever it is called."""

from __future__ import annotations

import io
import json
import os

import pytest

from nbkit import api

CONDITION = {"left": "{{job.parameters.day}}", "op": "EQUAL_TO", "right": "1"}
JOB = {
    "name": "job",
    "parameters": [{"name": "day", "default": "1"}],
    "tasks": [{"task_key": "check", "condition_task": CONDITION}],
}

WRONG = {
    "name": "job",
    "tasks": [
        {"task_key": "check", "condition_task": {"left": "x", "op": "LESS_THAN", "right": "1"}}
    ],
}


@pytest.fixture
def elsewhere(tmp_path_factory, monkeypatch):
    """A folder of nobody's."""
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture
def job(project):
    """A job in a folder below the project's."""
    (project.root / "jobs").mkdir()
    return project.write("jobs/job.json", JOB)


def test_a_run_from_elsewhere_is_on_record_in_the_jobs_project(
    job, project, nbkit, elsewhere, monkeypatch
):
    """Its settings count, and nothing appears where the person is."""
    monkeypatch.chdir(elsewhere)

    assert nbkit("run", job).status == 0
    assert list(elsewhere.iterdir()) == []
    assert (project.root / "runs" / "1" / "report.html").is_file()
    monkeypatch.chdir(project.root)
    assert json.loads(nbkit("runs", "--json").out)["runs"][0]["source"] == str(job)


def test_the_functions_know_the_project_too(job, project, elsewhere, monkeypatch):
    """As the command line does."""
    monkeypatch.chdir(elsewhere)

    made = api.run(job, show="nothing")

    assert made.root == project.root
    assert made.report.is_file()


def test_runs_are_found_from_elsewhere_by_the_project(job, project, nbkit, elsewhere, monkeypatch):
    """Its folder or any file in it says which project is meant."""
    nbkit("run", job)

    for named in (".", "jobs", "jobs/job.json"):
        monkeypatch.chdir(elsewhere)
        there = ("-C", project.root / named)
        assert json.loads(nbkit(*there, "show", 1, "--json").out)["run_id"] == 1
    for command in (("runs",), ("review", 1, "--no-open"), ("diff", 1, 1), ("cancel", 1)):
        monkeypatch.chdir(elsewhere)
        assert nbkit("--project", job, *command).status == 0
    monkeypatch.chdir(elsewhere)
    assert "There is no run 1" in nbkit("show", 1).err


def test_a_failed_run_is_repaired_from_elsewhere(job, project, nbkit, elsewhere, monkeypatch):
    """With the parameters and the job as they are now."""
    wrong = {
        **JOB,
        "tasks": [
            {"task_key": "check", "condition_task": {**CONDITION, "op": "LESS_THAN", "left": "x"}}
        ],
    }
    job.write_text(json.dumps(wrong))
    assert nbkit("run", job).status == 1
    job.write_text(json.dumps(JOB))
    monkeypatch.chdir(elsewhere)

    assert nbkit("-C", project.root, "repair", 1).status == 0


def test_a_project_that_is_not_there_is_refused(nbkit, tmp_path):
    """With the place and the cause."""
    said = nbkit("-C", tmp_path / "nowhere" / "x", "runs")

    assert said.status == 2
    assert said.err == f"nbkit: {tmp_path}/nowhere: No such file or directory\n"


def test_looking_leaves_no_trace(nbkit, elsewhere, monkeypatch):
    """In a folder that is no project nothing is made."""
    monkeypatch.chdir(elsewhere)

    for command in (("runs",), ("runs", "--json"), ("show", 1), ("review",), ("review", 1)):
        nbkit(*command)
    assert list(elsewhere.iterdir()) == []


def test_a_job_through_a_pipe(project, nbkit, monkeypatch):
    """Its paths start at the current folder, and so does its project; the record can repair it."""
    project.write("wrong.json", WRONG)
    assert project.shell("nbkit validate <(cat wrong.json)").status == 0

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(WRONG).encode())))
    assert nbkit("run", "-").status == 1
    assert nbkit("repair", 1).status == 1
    assert "repair_history" in nbkit("runs", "--json").out


@pytest.mark.parametrize("text", [b"", b"\x7fELF\xff", b"[1", b"a: [", b"plain"])
def test_a_pipe_without_a_job(text, project, nbkit, monkeypatch):
    """The message says what is wrong with it."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))

    said = nbkit("run", "-")

    assert (said.status, said.out) == (2, "")
    assert said.err


def test_names_that_are_no_unicode(project, nbkit):
    """Of the job's file, and of its folder: from archives of other systems."""
    folder = project.root / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    job = folder / os.fsdecode(b"n\xe4chtlich.json")
    job.write_text(json.dumps({**JOB, "name": "half \ud83d"}))

    for command in ("validate", "explain", "run"):
        assert nbkit(command, os.fspath(job)).status == 0
    there = ("-C", os.fspath(folder))
    (listed,) = json.loads(nbkit(*there, "runs", "--json").out)["runs"]
    assert listed["run_name"] == r"half \ud83d"
    assert listed["source"].endswith("/caf%E9/n%E4chtlich.json")
    assert nbkit(*there, "review", 1, "--no-open").status == 0
    assert "nothing" in nbkit(*there, "repair", 1).err.lower()
