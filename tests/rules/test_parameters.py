from __future__ import annotations

import pytest

from nbkit.events import RunStarted
from nbkit.rules.parameters import pushed_down, undeclared, with_parameters
from nbkit.rules.references import NoValueError

JOB = {"day": "job", "extra": "job"}


@pytest.mark.parametrize(
    ("kind", "block", "parameters"),
    [
        ("notebook_task", {"base_parameters": {"day": "task", "own": "task"}}, None),
        ("python_wheel_task", {"named_parameters": {"day": "task", "own": "task"}}, None),
        ("sql_task", {"parameters": {"day": "task", "own": "task"}}, None),
        ("run_job_task", {"job_parameters": {"day": "task", "own": "task"}}, None),
        ("notebook_task", {}, JOB),
        ("python_wheel_task", {"parameters": ["a"]}, {}),
        ("spark_python_task", {"parameters": ["a"]}, {}),
        ("spark_jar_task", {"parameters": ["a"]}, {}),
    ],
)
def test_push_down(kind, block, parameters):
    """Job parameters beat those of the task, and reach tasks that take them by name only."""
    merged = {"day": "job", "own": "task", "extra": "job"}
    assert pushed_down(kind, block, JOB) == (merged if parameters is None else parameters)


def test_given_over_defaults(kit):
    """A value given for the run beats the job's default; references in both get values."""
    graph = kit.graph_of(
        [kit.notebook("load")],
        parameters=[
            {"name": "day", "default": "{{job.start_time.iso_date}}"},
            {"name": "place", "default": "Oslo"},
        ],
    )
    event = RunStarted(kit.START, 7, 1, "job")
    found = with_parameters(graph, event, {"place": "run {{job.run_id}}"})
    assert found.parameters == {"day": "2026-05-28", "place": "run 7"}
    assert found.overrides == ("place",)


def test_a_default_cannot_know_tasks(kit):
    """A default that refers to a task is an error before anything runs."""
    graph = kit.graph_of(
        [kit.notebook("load")], parameters=[{"name": "x", "default": "{{task.run_id}}"}]
    )
    with pytest.raises(NoValueError, match="no task runs yet"):
        with_parameters(graph, RunStarted(kit.START, 7, 1, "job"), {})


def test_undeclared(kit):
    """Parameters that the job does not declare are named."""
    graph = kit.graph_of([kit.notebook("load")], parameters=[{"name": "x", "default": ""}])
    assert undeclared(graph.job, {"x": "1", "y": "2"}) == ("y",)


def test_an_attempt_gets_them(kit):
    """A notebook's parameters are its own with the job's over them, references resolved."""
    base = {"day": "task", "who": "{{task.name}}"}
    run = kit.Simulation([kit.notebook("load", base_parameters=base)], parameters=JOB)
    attempt = run.run().tasks["load"].last
    assert attempt.parameters == {"day": "job", "extra": "job", "who": "load"}
    assert attempt.block == {
        "notebook_task": {
            "notebook_path": "load.ipynb",
            "base_parameters": {"day": "task", "who": "load"},
        }
    }
