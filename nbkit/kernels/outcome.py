"""How an attempt ended, and the one place where foreign exceptions become failures."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.errors import Cause, Failure
from nbkit.foreign_errors import JAVA_REFUSED, PY4J_CONNECTION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.events import ResultState


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt at a notebook ended.

    Attributes:
        result: SUCCESS, FAILED, TIMEDOUT or CANCELED.
        exit_value: what `dbutils.notebook.exit` got, if it was called.
        failure: why not SUCCESS.
    """

    result: ResultState
    exit_value: str | None = None
    failure: Failure | None = None


class KernelDiedError(Exception):
    """The kernel's process ended, with a status as `subprocess` has it."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


class NotebookFailed(Exception):  # noqa: N818 - a notebook's failure is no error of ours
    """Carries a failure out of papermill; its text is the failure's message."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.message)


CAUSES: Mapping[str, Cause] = {
    # papermill: reading, parameters, and its summary of a failed notebook
    "AwsError": "notebook_unreadable",
    "PapermillException": "internal",
    "PapermillMissingParameterException": "notebook_unreadable",
    "PapermillExecutionError": "cell_error",
    "PapermillRateLimitException": "notebook_unreadable",
    "PapermillOptionalDependencyException": "notebook_unreadable",
    "PapermillWarning": "internal",
    # nbclient
    "CellControlSignal": "internal",
    "CellTimeoutError": "cell_timeout",
    "DeadKernelError": "kernel_died",
    "CellExecutionError": "cell_error",
    # jupyter_client, nbformat
    "NoSuchKernel": "kernel_not_started",
    "NotJSONError": "notebook_unreadable",
    "ValidationError": "notebook_unreadable",
    # py4j and PySpark, met by name in a cell's error
    "Py4JError": "cell_error",
    "Py4JNetworkError": "driver_lost",
    "Py4JAuthenticationError": "driver_lost",
    "PySparkException": "cell_error",
    "RetriesExceeded": "driver_lost",
    "SparkConnectException": "cell_error",
    # nbkit, met by name in a cell's error
    "DriverLostError": "driver_lost",
}
"""What an exception class, or the nearest of its bases in here, says about the cause."""

_BROKEN_CONNECTION = frozenset(
    {"ConnectionRefusedError", "ConnectionResetError", "BrokenPipeError", "Py4JError"}
)
"""Errors that mean a lost driver when py4j's network code raised them."""

_RESULTS: Mapping[Cause, ResultState] = {
    "canceled": "CANCELED",
    "cell_timeout": "TIMEDOUT",
    "task_timeout": "TIMEDOUT",
    "run_timeout": "TIMEDOUT",
}

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_SOURCE_LINES = 5
_MESSAGE_LENGTH = 500
_TRACEBACK_LENGTH = 100_000


def mapped_cause(kind: type[BaseException]) -> Cause | None:
    """Return the cause that an exception class stands for; None if nobody thought of it."""
    return next((CAUSES[base.__name__] for base in kind.__mro__ if base.__name__ in CAUSES), None)


def failure_of(error: BaseException, default: Cause = "internal") -> Failure:
    """Translate any exception that ended an attempt."""
    if isinstance(error, NotebookFailed):
        return error.failure
    name = type(error).__name__
    return Failure(
        cause=mapped_cause(type(error)) or default,
        message=_brief(f"{name}: {error}"),
        error=name,
    )


def result_of(failure: Failure | None) -> ResultState:
    """Return the result state that a failure, or none, leads to."""
    return "SUCCESS" if failure is None else _RESULTS.get(failure.cause, "FAILED")


def cell_failure(
    error: Mapping[str, Any], *, cell: int, source: str, spark_lost: str | None
) -> Failure:
    """Translate a kernel's error reply.

    Args:
        error: content of the reply: `ename`, `evalue`, `traceback`.
        cell: index of the cell.
        source: code of the cell.
        spark_lost: what the kernel said when it lost the Spark driver, if it did.
    """
    name, value = str(error.get("ename", "Error")), str(error.get("evalue", ""))
    traceback = _bounded(_ANSI.sub("", "\n".join(error.get("traceback") or [])))
    cause = CAUSES.get(name, "cell_error")
    if spark_lost is not None or _lost_connection(name, value, traceback):
        cause = "driver_lost"
    message = _brief(_ANSI.sub("", f"{name}: {value}" if value else name))
    if cause == "driver_lost":
        message = f"The Spark driver was lost: {spark_lost or message}"
    return Failure(cause, message, name, traceback, cell, head(source))


def _lost_connection(name: str, value: str, traceback: str) -> bool:
    if name not in _BROKEN_CONNECTION or not PY4J_CONNECTION.said(traceback):
        return False
    return not JAVA_REFUSED.said(value)


def kernel_death(status: int, log: str, *, cell: int, source: str) -> Failure:
    """Describe the end of a kernel while it ran a cell."""
    return Failure(
        "kernel_died",
        f"The kernel died while running this cell ({describe_exit(status)})",
        error="KernelDied",
        traceback=log,
        cell=cell,
        source=head(source),
    )


def stopped(cause: Cause, *, seconds: float, killed: bool, cell: int, source: str) -> Failure:
    """Describe a cell that was interrupted on purpose.

    Args:
        cause: why it was stopped.
        seconds: the limit of a cell timeout.
        killed: whether the interrupt was not enough.
        cell: index of the cell.
        source: code of the cell.
    """
    reason = {
        "cell_timeout": f"This cell ran longer than its limit of {seconds:g} s",
        "task_timeout": "The task ran longer than its limit while in this cell",
        "run_timeout": "The run took longer than its limit while in this cell",
        "canceled": "Canceled while running this cell",
    }.get(cause, f"Stopped while running this cell ({cause})")
    message = f"{reason}; it ignored the interrupt, so its kernel was killed" if killed else reason
    name = "Canceled" if cause == "canceled" else "TimedOut"
    return Failure(cause, message, name, cell=cell, source=head(source))


def describe_exit(status: int) -> str:
    """Say in words how a process ended."""
    if status >= 0:
        return f"exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    if name == "SIGKILL":
        name += ", probably out of memory"
    return f"exit status {status}: {name}"


def head(source: str) -> str:
    """Return the first lines of a cell."""
    return "\n".join(source.strip().splitlines()[:_SOURCE_LINES])


def _bounded(text: str) -> str:
    """Return a text whose middle is left out if it is too long for a record."""
    if len(text) <= _TRACEBACK_LENGTH:
        return text
    half = _TRACEBACK_LENGTH // 2
    return f"{text[:half]}\n…\n{text[-half:]}"


def _brief(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()][:2]
    brief = "\n".join(lines)
    return brief if len(brief) <= _MESSAGE_LENGTH else brief[: _MESSAGE_LENGTH - 1] + "…"
