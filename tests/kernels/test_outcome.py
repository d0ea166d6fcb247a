"""The one mapping of foreign exceptions misses none, and reads a kernel's errors by name."""

from __future__ import annotations

import inspect

import nbclient.exceptions
import papermill.exceptions
import py4j.protocol
import pyspark.errors
import pytest

from nbkit.errors import Failure
from nbkit.kernels.outcome import (
    NotebookFailed,
    cell_failure,
    describe_exit,
    failure_of,
    mapped_cause,
    result_of,
    stopped,
)

FOREIGN = [
    kind
    for module in (papermill.exceptions, nbclient.exceptions, py4j.protocol, pyspark.errors)
    for _, kind in inspect.getmembers(module, inspect.isclass)
    if issubclass(kind, BaseException)
]

IN_PY4J = 'File ".../site-packages/py4j/java_gateway.py", line 1038, in send_command'


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_foreign_exception_is_mapped(kind):
    """A class that a new version adds must be thought of here."""
    assert mapped_cause(kind) is not None


@pytest.mark.parametrize(
    ("name", "value", "traceback", "cause"),
    [
        ("ValueError", "x", "", "cell_error"),
        ("CancelledError", "", "", "cell_error"),
        ("AnalysisException", "[TABLE_OR_VIEW_NOT_FOUND]", IN_PY4J, "cell_error"),
        ("Py4JJavaError", "An error occurred while calling o1.x", IN_PY4J, "cell_error"),
        ("Py4JNetworkError", "Answer from Java side is empty", IN_PY4J, "driver_lost"),
        ("Py4JError", "An error occurred while calling o1.x", IN_PY4J, "driver_lost"),
        ("Py4JError", "Foo does not exist in the JVM", IN_PY4J, "cell_error"),
        ("Py4JError", "o1.x. Trace:\npy4j.Py4JException: Method", IN_PY4J, "cell_error"),
        ("ConnectionRefusedError", "[Errno 111]", IN_PY4J, "driver_lost"),
        ("ConnectionRefusedError", "[Errno 111]", "requests/sessions.py", "cell_error"),
        ("DriverLostError", "gone", "", "driver_lost"),
    ],
)
def test_cause_of_a_cells_error(name, value, traceback, cause):
    """Lost connections of py4j are the driver's fault; everything else is the cell's."""
    error = {"ename": name, "evalue": value, "traceback": [traceback]}
    assert cell_failure(error, cell=0, source="x", spark_lost=None).cause == cause


def test_kernel_that_lost_spark():
    """Whatever a cell fails with after the kernel has said that Spark is lost, that is why."""
    failure = cell_failure({"ename": "E"}, cell=1, source="x", spark_lost="killed")
    assert (failure.cause, failure.cell) == ("driver_lost", 1)
    assert "killed" in failure.message


def test_brief_and_without_colours():
    """A message has at most two lines, and no terminal colours."""
    error = {
        "ename": "E",
        "evalue": "\x1b[31ma\x1b[0m\n\nb\nc",
        "traceback": ["\x1b[1;31mt\x1b[0m"],
    }
    failure = cell_failure(error, cell=0, source="1\n2\n3\n4\n5\n6", spark_lost=None)
    assert failure.message == "E: a\nb"
    assert failure.traceback == "t"
    assert failure.source == "1\n2\n3\n4\n5"


def test_a_huge_error_is_cut_in_its_middle():
    """The notebook has all of it; the record of the run keeps both ends."""
    error = {"ename": "E", "evalue": "x" * 9_000_000, "traceback": ["a" * 9_000_000, "end"]}
    failure = cell_failure(error, cell=0, source="", spark_lost=None)
    assert len(failure.message) <= 500
    assert len(failure.traceback) < 101_000
    assert failure.traceback.endswith("\nend")


def test_failure_of():
    """A failure that papermill carried comes out whole; an unknown error is internal."""
    failure = Failure("canceled", "stop")
    assert failure_of(NotebookFailed(failure)) is failure
    assert failure_of(KeyError("x")).cause == "internal"
    assert failure_of(KeyError("x"), "kernel_not_started").cause == "kernel_not_started"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "exit status 0"),
        (-9, "exit status -9: SIGKILL, probably out of memory"),
        (-11, "exit status -11: SIGSEGV"),
        (-120, "exit status -120: signal 120"),
    ],
)
def test_describe_exit(status, words):
    """Signals are named."""
    assert describe_exit(status) == words


@pytest.mark.parametrize(
    ("cause", "result"),
    [
        ("canceled", "CANCELED"),
        ("task_timeout", "TIMEDOUT"),
        ("run_timeout", "TIMEDOUT"),
        ("cell_timeout", "TIMEDOUT"),
        ("kernel_died", "FAILED"),
        ("driver_lost", "FAILED"),
    ],
)
def test_result_of(cause, result):
    """Timeouts time out, a cancel cancels, the rest fails."""
    assert result_of(Failure(cause, "")) == result


def test_stopped_says_that_it_was_killed():
    """Who reads the failure learns that the interrupt was not enough."""
    assert "killed" in stopped("canceled", seconds=0, killed=True, cell=0, source="").message
