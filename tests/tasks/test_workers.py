"""Attempts run in threads, and every one of them comes to an end that the loop hears of."""

from __future__ import annotations

import json
import threading

import pytest

from nbkit.clock import SystemClock
from nbkit.errors import DriverLostError, SetupError
from nbkit.events import AttemptFinished, AttemptProgressed, Noted, RunStarted, TaskValueSet, Unit
from nbkit.graph.load import parse_job
from nbkit.rules.commands import StartAttempt, StopAttempt
from nbkit.rules.state import RunState
from nbkit.scheduler.cancel import CancelWatch
from nbkit.scheduler.loop import drive
from nbkit.tasks.work import Ended, TaskFailedError
from nbkit.tasks.workers import Workers

A = Unit("a")


def job(*tasks):
    tasks = tasks or ({"task_key": "a", "notebook_task": {"notebook_path": "a"}},)
    return parse_job(json.dumps({"name": "job", "tasks": tasks})).graph


def start(key="a", iteration=None, kind="notebook_task", attempt=0):
    block = {kind: {"notebook_path": "a"}}
    return StartAttempt(Unit(key, iteration), attempt, 1_000_001, block)


def workers(run, graph=None, **more):
    return Workers(graph or job(), {"notebook_task": run}, SystemClock(), **more)


def finish(tasks):
    """Wait until an attempt is over; return everything that happened."""
    happened = []
    while not any(isinstance(event, AttemptFinished) for event in happened):
        happened += tasks.wait(None)
    return happened


def run_one(run):
    graph = job()
    with workers(run, graph) as tasks:
        tasks.submit(start(), RunState.fresh(graph))
        return finish(tasks)


def test_what_a_task_type_returns_becomes_the_end_of_its_attempt():
    """Unit and attempt are the command's."""
    (event,) = run_one(lambda *_: Ended("SUCCESS", "42", None, "runs/1/a/0.ipynb"))

    assert event.unit == A
    assert event.attempt == 0
    assert (event.result, event.exit_value) == ("SUCCESS", "42")
    assert event.output_notebook == "runs/1/a/0.ipynb"


@pytest.mark.parametrize(
    ("skips", "cause", "result"),
    [
        (True, "unsupported", "EXCLUDED"),
        (False, "unsupported", "FAILED"),
        (True, "notebook_unreadable", "FAILED"),
    ],
)
def test_what_cannot_run_here_is_left_out_where_the_run_says_so(skips, cause, result):
    """With a note of the reason; the rest of the job goes on as after an excluded task."""

    def run(work, reports, stop):
        raise TaskFailedError(cause, "no jars here")

    started = RunStarted(1, 1, 7, "job", skip_unsupported=skips)
    graph = job()
    recorded = []
    with workers(run, graph) as tasks:
        fresh = RunState.fresh(graph)
        state = drive(graph, fresh, tasks, recorded.extend, SystemClock(), first=[started])

    assert state.tasks["a"].result == result
    assert state.result == ("SUCCESS" if result == "EXCLUDED" else "FAILED")
    noted = [event.message for event in recorded if isinstance(event, Noted)]
    assert noted == (["Left out: no jars here"] if result == "EXCLUDED" else [])


def test_reports_come_in_order_before_the_end():
    """A task value is known before whoever waits for the task starts."""

    def run(work, reports, stop):
        reports.noted("look")
        reports.value_set("n", 1)
        reports.value_set("n", 2)
        return Ended("SUCCESS")

    noted, first, second, end = run_one(run)

    assert isinstance(noted, Noted)
    assert noted.task_key == "a"
    assert [event.value for event in (first, second)] == [1, 2]
    assert isinstance(first, TaskValueSet)
    assert isinstance(end, AttemptFinished)


def test_a_crash_is_a_failed_attempt_with_its_traceback():
    """Never a hung run."""

    def broken_task_type(work, reports, stop):
        raise KeyError("oops")

    (event,) = run_one(broken_task_type)

    assert event.result == "FAILED"
    assert event.failure.cause == "internal"
    assert event.failure.error == "KeyError"
    assert "broken_task_type" in event.failure.traceback


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), MemoryError()])
def test_nothing_gets_past(error):
    """Exceptions that end threads silently do not."""

    def run(work, reports, stop):
        raise error

    (event,) = run_one(run)

    assert event.failure.cause == "internal"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (TaskFailedError("notebook_unreadable", "There is no notebook a."), "notebook_unreadable"),
        (DriverLostError("The Spark driver went away."), "driver_lost"),
        (SetupError("There is no Java."), "internal"),
    ],
)
def test_clear_errors_stay_clear(error, cause):
    """What was written for a person gets no traceback."""

    def run(work, reports, stop):
        raise error

    (event,) = run_one(run)

    assert event.failure.cause == cause
    assert event.failure.message == str(error)
    assert event.failure.traceback == ""


def test_types_that_nbkit_does_not_run_say_so():
    """The message names the type and the ones that run."""
    graph = job({"task_key": "a", "spark_jar_task": {"main_class_name": "x"}})
    with workers(None, graph) as tasks:
        tasks.submit(start(kind="spark_jar_task"), RunState.fresh(graph))
        (event,) = finish(tasks)

    assert event.failure.cause == "unsupported"
    assert "spark_jar_task" in event.failure.message
    assert "notebook_task" in event.failure.message


def wait_for_stop(work, reports, stop):
    """Run until stopped, as a notebook does."""
    stopped, causes = threading.Event(), []
    with stop.watched(lambda cause: (causes.append(cause), stopped.set())):
        stopped.wait()
    return Ended("CANCELED" if causes == ["canceled"] else "TIMEDOUT")


@pytest.mark.parametrize(
    ("cause", "result"), [("canceled", "CANCELED"), ("task_timeout", "TIMEDOUT")]
)
def test_stopping_reaches_the_attempt_with_its_cause(cause, result):
    """It still ends in its own time."""
    graph = job()
    with workers(wait_for_stop, graph) as tasks:
        tasks.submit(start(), RunState.fresh(graph))
        tasks.stop(StopAttempt(A, 0, cause))

        assert finish(tasks)[-1].result == result

        tasks.stop(StopAttempt(A, 0, cause))  # over already: nothing happens


def test_waiting_ends_at_its_time_or_when_woken():
    """Without anything to report."""
    tasks = workers(wait_for_stop)

    assert list(tasks.wait(SystemClock().now() - 5)) == []
    assert list(tasks.wait(SystemClock().now() + 30)) == []

    tasks.wake()

    assert list(tasks.wait(None)) == []

    threading.Timer(0.02, tasks.wake).start()

    assert list(tasks.wait(SystemClock().now() + 60_000)) == []


def test_progress_is_thinned_out_and_ends_with_the_attempt():
    """A notebook of thousands of quick cells does not fill the ledger."""
    said = threading.Event()

    def run(work, reports, stop):
        for cell in range(1, 2001):
            reports.progressed(cell, 2000)
        said.wait()
        return Ended("SUCCESS")

    graph = job()
    with workers(run, graph) as tasks:
        tasks.submit(start(), RunState.fresh(graph))
        progress = []
        while not progress or progress[-1].cell < 2000:
            progress += tasks.wait(None)
        said.set()
        last = finish(tasks)

    assert len(progress) <= 10
    assert not any(isinstance(event, AttemptProgressed) for event in last)


def test_what_spark_does_is_told_beside_the_events_and_ends_with_the_attempt():
    """However often it changes, nothing of it comes out of the queue that goes on record."""
    told = []

    def run(work, reports, stop):
        for done in range(3):
            reports.working({"kind": "spark_work", "tasks_done": done})
        raise OSError("broken off")

    graph = job()
    with workers(run, graph, working=lambda unit, work: told.append((unit, work))) as tasks:
        tasks.submit(start(), RunState.fresh(graph))
        (only,) = finish(tasks)

    assert isinstance(only, AttemptFinished)
    assert [unit for unit, _ in told] == [A] * 4
    assert [work and work["tasks_done"] for _, work in told] == [0, 1, 2, None]


def test_leaving_ends_what_still_runs():
    """A run that breaks off leaves no attempt at work."""
    killed, threads = [], set()

    def run(work, reports, stop):
        threads.add(threading.current_thread())
        return wait_for_stop(work, reports, stop)

    graph = job()
    with workers(run, graph, kill=lambda: killed.append(1)) as tasks:
        tasks.submit(start(), RunState.fresh(graph))

    assert killed == [1]
    assert not any(thread.is_alive() for thread in threads)


def each(inputs):
    task = {"task_key": "one", "notebook_task": {"notebook_path": "a"}}
    loop = {"inputs": json.dumps(inputs), "concurrency": 20, "task": task}
    return job({"task_key": "each", "for_each_task": loop})


def test_for_each_runs_with_few_threads():
    """As many threads as attempts at once, however many iterations there are."""
    graph, log, alive = each(list(range(300))), [], []

    def run(work, reports, stop):
        alive.append(threading.active_count())
        assert work.task.task_key == "one"
        return Ended("SUCCESS")

    before = threading.active_count()
    with workers(run, graph) as tasks:
        state = drive(
            graph,
            RunState.fresh(graph),
            tasks,
            log.extend,
            SystemClock(),
            first=[RunStarted(0, 1, 7, "job", parallel=4)],
        )

    assert state.result == "SUCCESS"
    assert len(alive) == 300
    assert max(alive) <= before + 8  # a thread that has reported may not be gone yet


def test_ctrl_c_ends_a_run_of_waiting_attempts():
    """The loop is woken, the attempts are stopped, and the run is cancelled."""
    graph, log, watch = job(), [], CancelWatch()

    def run(work, reports, stop):
        watch.cancel()
        return wait_for_stop(work, reports, stop)

    with workers(run, graph) as tasks:
        state = drive(
            graph,
            RunState.fresh(graph),
            tasks,
            log.extend,
            SystemClock(),
            watch=watch,
            first=[RunStarted(0, 1, 7, "job")],
        )

    assert state.result == "CANCELED"


def test_the_traceback_of_a_crash_is_complete():
    """Also the errors that it came from."""

    def run(work, reports, stop):
        raise RuntimeError("second") from ValueError("first")

    (event,) = run_one(run)

    assert "ValueError: first" in event.failure.traceback
    assert "RuntimeError: second" in event.failure.traceback
