"""A notebook task finds its notebook, tells its kernel who it is, and hears what it says."""

from __future__ import annotations

import json

import pytest

from nbkit.errors import Failure
from nbkit.events import RunStarted, TaskValueSet, Unit
from nbkit.graph.load import parse_job
from nbkit.kernels.attempt import StopRequest
from nbkit.kernels.outcome import Outcome
from nbkit.rules.apply import replay
from nbkit.rules.commands import StartAttempt
from nbkit.settings import Settings
from nbkit.tasks.registry import task_types
from nbkit.tasks.work import Ended, TaskFailedError, Work


class FakeKernels:
    """Runs nothing; says what it is told to, and keeps what it was asked."""

    def __init__(self, outcome=None, says=(), *, writes=True):
        self.outcome = outcome or Outcome("SUCCESS")
        self.says = says
        self.writes = writes
        self.requests = []

    def run_notebook(self, request, listener, stop):
        self.requests.append(request)
        listener.progressed(1, 3)
        for message in self.says:
            listener.said(message)
        if self.writes:
            request.output.write_text("{}")
        return self.outcome


class Reported:
    """Keeps what was reported."""

    def __init__(self):
        self.progress, self.values, self.notes, self.reports = [], {}, [], []
        self.work = []

    def progressed(self, cell, cells):
        self.progress.append((cell, cells))

    def value_set(self, key, value):
        self.values[key] = value

    def reported(self, report):
        self.reports.append(report)

    def working(self, work):
        self.work.append(work)

    def noted(self, message):
        self.notes.append(message)


@pytest.fixture
def project(tmp_path):
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    (jobs / "clean.ipynb").write_text("{}")
    return tmp_path


def attempt(project, kernels, *, unit=("a", None), number=0, path="clean", **task):
    definition = {"task_key": "a", "notebook_task": {"notebook_path": "clean"}, **task}
    other = {"task_key": "other", "notebook_task": {"notebook_path": "clean"}}
    graph = parse_job(json.dumps({"name": "nightly", "tasks": [definition, other]})).graph
    state = replay(
        graph,
        [RunStarted(1, 7, 99, "nightly"), TaskValueSet(2, Unit("other"), "n", 5)],
    )
    block = {"notebook_task": {"notebook_path": path}}
    command = StartAttempt(Unit(*unit), number, 7_000_003, block, {"day": "monday"})
    work = Work(command, graph.job, graph.task("a"), state)
    settings = Settings(root=project, run={"cell_timeout_seconds": 30})
    reported = Reported()
    run = task_types(kernels, settings, project / "jobs")["notebook_task"]
    return run(work, reported, StopRequest()), reported


def test_the_kernel_is_told_who_it_is(project):
    """Identity, parameters, values so far, and where it works: beside its notebook."""
    kernels = FakeKernels()
    attempt(project, kernels, number=2)

    (request,) = kernels.requests
    assert request.notebook == project / "jobs" / "clean.ipynb"
    assert request.cell_timeout_seconds == 30
    assert request.context == {
        "project": str(project),
        "directory": str(project / "jobs"),
        "notebook_path": "clean",
        "job_id": 99,
        "job_name": "nightly",
        "run_id": 7,
        "task_key": "a",
        "task_run_id": 7_000_003,
        "attempt": 2,
        "iteration": None,
        "parameters": {"day": "monday"},
        "secrets": {},
        "skip_unsupported": False,
        "task_values": {"other": {"n": 5}},
        "spark_conf": {},
        "env": {},
    }


def test_the_end_says_where_the_output_is(project):
    """Relative to the project, with what the notebook returned."""
    ended, reported = attempt(project, FakeKernels(Outcome("SUCCESS", "done")), unit=("a", 4))

    assert ended == Ended("SUCCESS", "done", None, "runs/7/a/4/0.ipynb")
    assert (project / ended.output_notebook).exists()
    assert reported.progress == [(1, 3)]


def test_what_the_notebook_tells_of_itself_is_passed_on(project):
    """Its task values by themselves, its reports as they are, the rest not at all."""
    step = {"kind": "step", "id": "1", "name": "load", "state": "running"}
    says = [step, {"kind": "task_value", "key": "n", "value": 1}, {"kind": "exit", "value": ""}]
    _, reported = attempt(project, FakeKernels(says=says))
    assert (reported.reports, reported.values) == ([step], {"n": 1})


def test_a_failure_is_passed_on_with_its_output(project):
    """What the kernels room found out is not judged again."""
    failure = Failure("kernel_died", "The kernel died.")
    ended, _ = attempt(project, FakeKernels(Outcome("FAILED", None, failure)))

    assert ended == Ended("FAILED", None, failure, "runs/7/a/0.ipynb")


def test_without_an_output_none_is_named(project):
    """A kernel that never started wrote nothing."""
    ended, _ = attempt(project, FakeKernels(writes=False))

    assert ended.output_notebook == ""


def test_a_missing_notebook_fails_with_the_nearest_name(project):
    """The message is for the author of the job."""
    with pytest.raises(TaskFailedError, match=r"nearest: clean") as caught:
        attempt(project, FakeKernels(), path="claen")

    assert caught.value.cause == "notebook_unreadable"


def test_task_values_are_reported_as_they_come(project):
    """Other messages of the kernel are not for the run's record."""
    says = [
        {"kind": "spark_attached", "session": "s"},
        {"kind": "task_value", "key": "n", "value": [1, {"a": None}]},
        {"kind": "exit", "value": "x"},
    ]
    ended, reported = attempt(project, FakeKernels(says=says))

    assert reported.values == {"n": [1, {"a": None}]}
    assert ended.result == "SUCCESS"


def test_what_spark_lacks_is_one_line_of_the_run(project):
    """However many attempts hear of it."""
    says = [{"kind": "spark_attached", "session": "s", "lacking": "no names"}] * 2
    _, reported = attempt(project, FakeKernels(says=says))

    assert reported.notes == ["no names"]


def test_what_spark_does_now_is_passed_on_and_on_no_record(project):
    work = {"kind": "spark_work", "starting": True, "jobs": 0}
    _, reported = attempt(project, FakeKernels(says=[work]))

    assert reported.work == [work]
    assert reported.reports == reported.notes == []


def test_a_task_value_over_48_kib_fails_the_task(project):
    """At the limit it is fine; a notebook's own failure is said instead of this one."""
    fits = {"kind": "task_value", "key": "fits", "value": "x" * (48 * 1024 - 2)}
    large = {"kind": "task_value", "key": "large", "value": "x" * (48 * 1024 - 1)}

    ended, reported = attempt(project, FakeKernels(says=[fits, large]))

    assert list(reported.values) == ["fits"]
    assert ended.result == "FAILED"
    assert "'large' is 49,153 bytes" in ended.failure.message

    failure = Failure("cell_error", "boom")
    ended, _ = attempt(project, FakeKernels(Outcome("FAILED", None, failure), says=[large]))

    assert ended.failure == failure


@pytest.mark.parametrize(
    ("unit", "number", "said"),
    [(("a", None), 0, 1), (("a", None), 1, 0), (("a", 0), 0, 1), (("a", 1), 0, 0)],
)
def test_what_is_not_honoured_is_said_once(project, unit, number, said):
    """Not at every retry, nor at each of 5,000 iterations."""
    cluster = {"spark_conf": {"spark.executor.memory": "8g"}}
    _, reported = attempt(project, FakeKernels(), unit=unit, number=number, new_cluster=cluster)

    assert len(reported.notes) == said
