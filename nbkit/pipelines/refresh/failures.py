"""Errors of flows: what a person reads of them, and whether another try could help."""

from __future__ import annotations

import re

from py4j.protocol import Py4JJavaError

from nbkit.errors import NbkitError
from nbkit.guard import transient
from nbkit.pipelines.declare.sources import as_problem

_LONGEST = 600
_PYTHON_SAID = re.compile(r"Traceback \(most recent call last\):\n(?:[ \t][^\n]*\n|\n)+(\S[^\n]*)")
_SAYS_NOTHING = "[TASK_WRITE_FAILED]"
"""What Spark says of any error in a task that writes; its cause says more."""

_OF_THE_MACHINES = re.compile(
    r"\b(java\.io\.IOException|TimeoutException|SparkOutOfMemory\w*|FetchFailed\w*|ExecutorLost\w*)"
    r"|No space left"
)
"""What Spark says when machines, disks or memory failed a flow, and not its query or its data."""


def is_transient(error: BaseException) -> bool:
    """Say whether another try of a flow could end otherwise.

    A mistake in the code or in the data stays one; what came from outside may pass.
    """
    from pyspark.errors import PySparkException

    if transient.is_transient(error):
        return True
    from_spark = isinstance(error, PySparkException | Py4JJavaError)
    return from_spark and _OF_THE_MACHINES.search(str(error)) is not None


def message_of(error: BaseException) -> str:
    """Return what an error says, on a line, without Java's trace."""
    if isinstance(error, NbkitError):
        return str(error)
    java = getattr(error, "java_exception", None)
    if java is None and _SAYS_NOTHING in str(error):  # of a stream, which PySpark has translated
        java = getattr(error, "_origin", None)
    while java is not None and _SAYS_NOTHING in str(java.getMessage()) and java.getCause():
        java = java.getCause()
    text = str(java.getMessage() or java) if java is not None else str(error)
    found = _PYTHON_SAID.search(text)  # in a function that Spark called
    text = found[1] if found else text
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    said = lines[0] if lines else ""
    if said.startswith("An error occurred while calling") and len(lines) > 1:
        said = lines[1]
    name = type(error).__name__
    shown = said if found or name in said or "[" in said[:1] else f"{name}: {said}"
    place = as_problem(error).pointer
    shown = f"{place}: {shown}" if place else shown
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
