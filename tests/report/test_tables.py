from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from nbkit.errors import Problem
from nbkit.report import tables
from nbkit.rules.explain import explain
from nbkit.rules.record import record


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=160, force_jupyter=False, highlight=False)


def test_runs_are_listed_one_per_line(flights, console):
    document = record(flights.graph, flights.state)
    going_on = {"run_id": 13, "run_name": "[b]x", "state": {"life_cycle_state": "RUNNING"}}
    tables.print_runs([going_on, document], console)
    _, _, first, second = console.file.getvalue().splitlines()
    assert "13" in first
    assert "[b]x" in first
    assert "► running" in first
    assert "✗ failed" in second
    assert "32 s" in second


def test_no_runs_are_said_to_be_none(console):
    tables.print_runs([], console)
    assert console.file.getvalue() == "No runs yet.\n"


def test_a_run_is_shown_with_its_tasks_failures_and_places(flights, console):
    document = record(flights.graph, flights.state)
    tables.print_run(document, console, notebooks="runs/12", report="runs/12/report.html")
    text = console.file.getvalue()
    for part in (
        "✗ flights medallion failed in 32 s, run 12",
        "year = 2013",
        "returned 327346",
        "0.975 GREATER_THAN 0.95 → true",
        "5 succeeded",
        "cell 7 of runs/12/gold_carriers/1.ipynb",
        "runs/12/report.html",
    ):
        assert part in text, part


def test_steps_come_in_rounds_with_their_values(flights, console):
    tables.print_steps(explain(flights.graph, flights.events[0][0]), console)
    text = console.file.getvalue()
    assert "table = airlines" in text
    assert "«tasks.clean.values.share» GREATER_THAN 0.95 → unknown" in text
    assert "run = 12" in text


def test_problems_are_listed_errors_first(console):
    problems = [
        Problem("tasks[0].x", "no field 'x'", "warning"),
        Problem("tasks[2].depends_on[0].task_key", "no task [red]; did you mean 'red'?"),
    ]
    tables.print_problems(problems, "job.json", console)
    text = console.file.getvalue()
    assert text.index("✗ error  tasks[2].depends_on[0].task_key") < text.index("! warning")
    assert "no task [red]; did you mean" in text
    assert text.endswith("✗ job.json is not valid: 1 error, 1 warning\n")


def test_a_valid_job_is_said_to_be(console):
    tables.print_problems([], "job.json", console)
    assert console.file.getvalue() == "✓ job.json is valid: 0 errors, 0 warnings\n"


def test_checks_give_advice_where_something_is_missing(console):
    fine = SimpleNamespace(name="java", ok=True, message="17.0.1", advice="unused")
    missing = SimpleNamespace(name="jars", ok=False, message="none", advice="run make setup")
    tables.print_checks([fine, missing], console)
    text = console.file.getvalue()
    assert "unused" not in text
    assert "run make setup" in text
