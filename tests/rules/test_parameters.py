from __future__ import annotations

import pytest

from nbkit.events import RunStarted
from nbkit.rules.parameters import (
    OF_TASKS,
    pushed_down,
    undeclared,
    with_parameters,
    with_task_parameters,
)
from nbkit.rules.record import record
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


@pytest.mark.parametrize(
    ("kind", "block", "given", "made"),
    [
        (
            "notebook_task",
            {"notebook_path": "a", "base_parameters": {"day": "task", "own": "task"}},
            {"notebook_params": {"day": "run"}},
            {"notebook_path": "a", "base_parameters": {"day": "run", "own": "task"}},
        ),
        (
            "notebook_task",
            {"notebook_path": "a"},
            {"notebook_params": {"day": "run"}},
            {"notebook_path": "a", "base_parameters": {"day": "run"}},
        ),
        (
            "python_wheel_task",
            {"named_parameters": {"a": "1"}},
            {"python_named_params": {"b": "2"}},
            {"named_parameters": {"a": "1", "b": "2"}},
        ),
        (
            "python_wheel_task",
            {"parameters": ["a"]},
            {"python_params": ["b"]},
            {"parameters": ["b"]},
        ),
        (
            "spark_python_task",
            {"parameters": ["a"]},
            {"python_params": ["b"]},
            {"parameters": ["b"]},
        ),
        ("sql_task", {}, {"sql_params": {"a": "1"}}, {"parameters": {"a": "1"}}),
        ("dbt_task", {"commands": ["a"]}, {"dbt_commands": ["b"]}, {"commands": ["b"]}),
        ("spark_jar_task", {}, {"jar_params": ["b"]}, {"parameters": ["b"]}),
        ("spark_submit_task", {}, {"spark_submit_params": ["b"]}, {"parameters": ["b"]}),
        (
            "pipeline_task",
            {"pipeline_id": "p"},
            {"pipeline_params": {"full_refresh": True}},
            {"pipeline_id": "p", "full_refresh": True},
        ),
        ("notebook_task", {"a": 1}, {"python_params": ["b"], "notebook_params": {}}, {"a": 1}),
        ("condition_task", {"left": "1"}, {"notebook_params": {"left": "2"}}, {"left": "1"}),
    ],
)
def test_older_parameters_of_a_run(kind, block, given, made):
    """They go to tasks of their type: named ones over the task's own, lists instead of it."""
    before = {**block}
    assert with_task_parameters(kind, block, given) == made
    assert block == before
    assert set(given) <= set(OF_TASKS)


def test_job_parameters_beat_older_ones(kit):
    """Job, then `notebook_params`, then `base_parameters`; retries and repairs keep all."""
    load = kit.notebook("load", base_parameters={"day": "task", "who": "task", "own": "task"})
    run = kit.Simulation(
        [load], parameters={"day": "job"}, older={"notebook_params": {"day": "run", "who": "run"}}
    )
    assert run.run().tasks["load"].last.parameters == {"day": "job", "who": "run", "own": "task"}
    document = record(run.graph, run.state)
    assert document["overriding_parameters"] == {"notebook_params": {"day": "run", "who": "run"}}


def test_given_over_defaults(kit):
    """A value given for the run beats the job's default; it is data, in which nothing is read."""
    graph = kit.graph_of(
        [kit.notebook("load")],
        parameters=[
            {"name": "day", "default": "{{job.start_time.iso_date}}"},
            {"name": "place", "default": "Oslo"},
        ],
    )
    event = RunStarted(kit.START, 7, 1, "job")
    found = with_parameters(graph, event, {"place": "run {{job.run_id}}"})
    assert found.parameters == {"day": "2026-05-28", "place": "run {{job.run_id}}"}
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
