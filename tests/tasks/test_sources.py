"""Files of tasks are beside the job's file, or in its checkout if they come from Git."""

from __future__ import annotations

import json

import pytest

from nbkit.app.loading import load, problems
from nbkit.graph.load import parse_job
from nbkit.tasks.sources import Named, folder_of, named_file

GIT = {"git_url": "https://example.com/r", "git_provider": "gitHub", "git_branch": "main"}


@pytest.mark.parametrize(
    ("kind", "block", "path"),
    [
        ("notebook_task", {"notebook_path": "a"}, "a"),
        ("spark_python_task", {"python_file": "a.py"}, "a.py"),
        ("sql_task", {"warehouse_id": "w", "file": {"path": "a.sql"}}, "a.sql"),
        ("sql_task", {"warehouse_id": "w", "query": {"query_id": "1"}}, None),
        ("dbt_task", {"commands": [], "project_directory": "shop"}, "shop"),
        ("dbt_task", {"commands": []}, None),
        ("run_job_task", {"job_id": 1}, None),
    ],
)
@pytest.mark.parametrize(
    "case",
    [
        (None, False, False),
        (None, True, True),
        ("GIT", True, True),
        ("GIT", False, True),
        ("WORKSPACE", True, False),
    ],
)
def test_which_file_and_from_where(kind, block, path, case):
    """A task that does not say takes its file from Git if the job has a `git_source`."""
    source, git, from_git = case
    block = json.loads(json.dumps(block))
    if source:
        block.get("file", block)["source"] = source
    task = {"task_key": "a", kind: block}
    job = parse_job(json.dumps({"tasks": [task], **({"git_source": GIT} if git else {})})).job
    found = named_file(kind, block, job)
    if path is None:
        assert found is None
    else:
        assert (found.path, found.from_git) == (path, from_git)


@pytest.mark.parametrize(
    ("path", "from_git", "expected"),
    [
        ("src/load", True, "."),
        ("src/load.ipynb", True, "."),
        ("src", True, "."),
        ("beside", True, "jobs"),
        ("src/load", False, "jobs"),
    ],
)
def test_paths_from_git_start_at_the_checkout(project, path, from_git, expected):
    """Unless they lead to nothing there."""
    for folder in (".git", "src", "jobs"):
        (project.root / folder).mkdir()
    project.notebook("src/load", "1")
    project.notebook("jobs/beside", "1")
    found = folder_of(Named("x", path, from_git), project.root / "jobs")
    assert found == (project.root / expected)


def test_a_job_with_a_git_source_runs_from_its_checkout(project):
    """As it was exported from Databricks: its paths start at the root of the repository."""
    for folder in (".git", "src", "jobs"):
        (project.root / folder).mkdir()
    notebook = project.notebook("src/load", "1")
    task = project.notebook_task("a", "src/load")
    settings = {"name": "jobs/etl", "git_source": GIT}
    job = project.job(task, **settings)
    assert load(job).notebooks == (notebook,)

    notebook.unlink()
    (problem,) = (each for each in problems(job) if each.severity != "note")
    assert (problem.severity, problem.pointer) == (
        "warning",
        "tasks[0].notebook_task.notebook_path",
    )
