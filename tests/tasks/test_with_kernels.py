"""Whole runs with real kernels: loop, workers, ledger and kernels together."""

from __future__ import annotations

import json
import time
from functools import partial

import nbformat
import pytest

from nbkit.clock import SystemClock
from nbkit.events import RunStarted, TaskValueSet, Unit
from nbkit.graph.load import parse_job
from nbkit.kernels.run_notebook import Kernels
from nbkit.ledger.store import Ledger
from nbkit.rules.apply import replay
from nbkit.rules.state import RunState
from nbkit.scheduler.cancel import CancelWatch
from nbkit.scheduler.loop import drive
from nbkit.settings import Settings
from nbkit.tasks.registry import task_types
from nbkit.tasks.workers import Workers

pytestmark = pytest.mark.e2e


def write(folder, name, *cells):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, folder / f"{name}.ipynb")


class Project:
    """A folder with notebooks, and all that it takes to run a job of them."""

    def __init__(self, root):
        self.root = root
        self.settings = Settings(root=root, run={"grace_seconds": 1}, kernels={"spare": 1})
        self.ledger = Ledger(self.settings.ledger_url)
        self.run_id = self.ledger.begin("job", 7, "{}", "job.json")
        self.watch = CancelWatch(partial(self.ledger.cancel_requested, self.run_id))

    def run(self, *tasks, observers=()):
        for task in tasks:
            task.setdefault("notebook_task", {"notebook_path": task["task_key"]})
        self.graph = parse_job(json.dumps({"name": "job", "tasks": tasks})).graph
        clock = SystemClock()
        with Kernels(self.settings) as kernels:
            types = task_types(kernels, self.settings, self.root)
            with Workers(self.graph, types, clock, kill=kernels.close) as workers:
                return drive(
                    self.graph,
                    RunState.fresh(self.graph),
                    workers,
                    partial(self.ledger.append_many, self.run_id),
                    clock,
                    watch=self.watch,
                    first=[RunStarted(clock.now(), self.run_id, 7, "job")],
                    observers=observers,
                )


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_values_and_results_travel_from_kernel_to_ledger(project):
    """Parameters go in, task values and the exit value come out, all of it on record."""
    write(
        project.root,
        "first",
        "dbutils.jobs.taskValues.set('n', [1, 2])",
        "import os; dbutils.notebook.exit(dbutils.widgets.get('day') + os.getcwd())",
        "raise AssertionError('never reached')",
    )
    write(project.root, "second", "assert dbutils.jobs.taskValues.get('first', 'n') == [1, 2]")
    state = project.run(
        {
            "task_key": "first",
            "notebook_task": {"notebook_path": "first", "base_parameters": {"day": "monday"}},
        },
        {"task_key": "second", "depends_on": [{"task_key": "first"}]},
    )

    assert state.result == "SUCCESS", state
    attempt = state.tasks["first"].last
    assert attempt.exit_value == f"monday{project.root}"
    assert (project.root / attempt.output_notebook).exists()
    recorded = project.ledger.read(project.run_id)
    assert replay(project.graph, recorded) == state
    values = [event for event in recorded if isinstance(event, TaskValueSet)]
    assert [(event.unit, event.key, event.value) for event in values] == [
        (Unit("first"), "n", [1, 2])
    ]


def test_failures_are_known_by_their_cause(project):
    """An exception, a dead kernel and a timeout; each leaves its output notebook."""
    write(project.root, "raises", "1 / 0")
    write(project.root, "dies", "import os; os._exit(3)")
    write(project.root, "sleeps", "import time; time.sleep(600)")
    state = project.run(
        {"task_key": "raises"},
        {"task_key": "dies"},
        {"task_key": "sleeps", "timeout_seconds": 1},
    )

    ends = {key: task.last for key, task in state.tasks.items()}
    assert {key: end.failure.cause for key, end in ends.items()} == {
        "raises": "cell_error",
        "dies": "kernel_died",
        "sleeps": "task_timeout",
    }
    assert ends["raises"].failure.error == "ZeroDivisionError"
    assert state.tasks["sleeps"].result == "TIMEDOUT"
    assert all((project.root / end.output_notebook).exists() for end in ends.values())
    assert project.ledger.runs()[0].result == state.result == "FAILED"


STUBBORN = """
import time
while True:
    try:
        time.sleep(600)
    except KeyboardInterrupt:
        pass
"""


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_a_notebook_that_ignores_it(project, times):
    """Once: after the grace time; twice: at once."""
    write(project.root, "stubborn", STUBBORN)

    def observer(event, state):
        if event.kind == "attempt_progressed":
            time.sleep(0.2)  # the cell has begun
            for _ in range(times):
                project.watch.cancel()

    state = project.run({"task_key": "stubborn"}, observers=[observer])

    assert state.result == "CANCELED"
    assert state.tasks["stubborn"].last.result == "CANCELED"
