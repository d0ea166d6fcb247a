"""A notebook as a job of its own: `nbkit run NOTEBOOK.ipynb -p NAME=VALUE`."""

from __future__ import annotations

import json

import pytest

from nbkit.app.definition import of_notebook
from nbkit.app.loading import load
from nbkit.app.notebook_job import is_notebook, job_around
from nbkit.app.parameters import check_declared
from nbkit.errors import DefinitionError, UsageError


def test_a_notebook_is_a_job_of_one_task(project):
    """Its name is the task's, as far as a task key can have it."""
    path = project.notebook("clean up", "1")
    job = load(path)
    assert (job.graph.job.name, job.graph.keys) == ("clean up", ("clean_up",))
    assert job.notebooks == (path,)
    assert job.is_notebook
    assert load(job.source).graph.job == job.graph.job  # what a repair does
    assert of_notebook(path, job_around(path, 5)).graph.job.timeout_seconds == 5


def test_any_parameters_reach_its_widgets(project):
    """Which ones it asks for, only its code knows; a job's typing mistakes are still found."""
    path = project.notebook("clean", "dbutils.widgets.text('day', '')")
    check_declared(load(path), {"made_in_a_loop": "2024-01-01"})
    job = project.job(project.notebook_task("a", "clean.ipynb"))
    with pytest.raises(UsageError, match="nobody declares the parameter dya; nearest: day"):
        check_declared(load(job), {"dya": "2024-01-01"})


def test_source_notebooks_are_notebooks_and_job_files_are_not(project):
    """A file's own text tells: a module, or a job, is none."""
    source = project.write("a.py", "# Databricks notebook source\nprint(1)\n")
    assert is_notebook(source)
    assert not is_notebook(project.write("b.py", "print(1)\n"))
    assert not is_notebook(project.job(project.notebook_task("a", "a.py")))
    assert load(source).graph.keys == ("a",)


def test_many_runs_go_on_at_once(project):
    """Threads of one notebook may call the same notebook."""
    settings = json.loads(job_around(project.notebook("clean", "1")))
    assert settings["max_concurrent_runs"] == 1000
    assert "timeout_seconds" not in settings


def test_a_notebook_that_cannot_run_says_why(project):
    """As in any other job."""
    broken = project.write("broken.ipynb", "{")
    with pytest.raises(DefinitionError, match=r"tasks\[0\]\.notebook_task\.notebook_path"):
        load(broken)
