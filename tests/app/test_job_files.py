"""Which files of a project are its jobs."""

from __future__ import annotations

import json

import pytest

from nbkit import api
from nbkit.app.job_files import JobFiles
from nbkit.settings import Settings

CHECK = {"task_key": "check", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "nbkit.toml").touch()
    return tmp_path


def write(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def files(folder):
    return JobFiles(Settings.of(folder))


def listed(found):
    return [(each.name, each.path) for each in found.all()]


def test_jobs_are_found_wherever_they_are_and_nothing_else_is(shop):
    write(shop, "job.json", {"name": "daily", "tasks": [CHECK]})
    write(shop, "etl/deep/any.yml", json.dumps({"name": "deep", "tasks": [CHECK]}))
    write(shop, "package.json", {"name": "web", "include": ["a"], "tasks": 3})
    write(shop, "data.json", [{"task_key": "no job"}])
    write(shop, "broken.json", "{")
    for left_out in (".hidden", "runs/1", "node_modules/x", "other"):
        write(shop, f"{left_out}/job.json", {"name": "left out", "tasks": [CHECK]})
    (shop / "other" / "nbkit.toml").touch()
    write(shop, "venv/pyvenv.cfg", "")
    write(shop, "venv/job.json", {"name": "left out", "tasks": [CHECK]})

    assert listed(files(shop)) == [("daily", "job.json"), ("deep", "etl/deep/any.yml")]


def test_without_settings_only_the_folder_itself_is_the_project(tmp_path):
    """A job below it is of a project of its own, which its own folder is."""
    write(tmp_path, "job.json", {"name": "here", "tasks": [CHECK]})
    write(tmp_path, "below/job.json", {"name": "below", "tasks": [CHECK]})

    assert listed(files(tmp_path)) == [("here", "job.json")]


def test_all_jobs_of_a_bundle_with_the_files_that_it_includes(shop):
    """The fragment itself is none; what it says may change by itself."""
    write(shop, "databricks.yml", "bundle: {name: two}\ninclude: [parts/*.yml]\n")
    jobs = {"first": {"name": "First", "tasks": [CHECK]}}
    fragment = write(shop, "parts/jobs.yml", json.dumps({"resources": {"jobs": jobs}}))
    found = files(shop)
    assert listed(found) == [("First", "databricks.yml")]

    jobs["second"] = {"name": "Second", "tasks": [CHECK]}
    fragment.write_text(json.dumps({"resources": {"jobs": jobs}}))
    found._at = 0  # three seconds later
    assert listed(found) == [("First", "databricks.yml"), ("Second", "databricks.yml")]


def test_the_id_is_that_of_its_runs_and_of_its_deployment(shop):
    """So a file that is deployed is known as such."""
    file = write(shop, "etl/job.json", {"name": "daily", "tasks": [CHECK]})
    settings = Settings.of(shop)
    (found,) = JobFiles(settings).all()

    assert api.deploy(file, settings=settings).jobs[0].job_id == found.job_id
    assert api.plan(file, settings=settings).record["job_id"] == found.job_id
    assert JobFiles(settings).find(found.job_id) == found


def test_a_faulty_job_is_listed_with_what_is_wrong_until_it_is_mended(shop):
    task = {"task_key": "a", "notebook_task": {"notebook_path": "a.ipynb"}}
    write(shop, "job.json", {"name": "daily", "tasks": [task]})
    found = files(shop)
    (faulty,) = found.all()
    assert (faulty.job_id, faulty.name) == (0, "job.json")
    assert "a.ipynb" in faulty.problem

    write(shop, "a.ipynb", {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    found._at = 0
    (mended,) = found.all()
    assert (mended.name, mended.problem) == ("daily", "")
