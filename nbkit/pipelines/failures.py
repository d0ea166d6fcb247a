"""Errors of flows: what a person reads of them, and whether another try could help."""

from __future__ import annotations

import re

from nbkit.errors import NbkitError
from nbkit.pipelines.sources import as_problem

_LONGEST = 600
_PYTHON_SAID = re.compile(r"Traceback \(most recent call last\):\n(?:[ \t][^\n]*\n|\n)+(\S[^\n]*)")
_SAYS_NOTHING = "[TASK_WRITE_FAILED]"
"""What Spark says of any error in a task that writes; its cause says more."""

_PASSING = (
    *("ConcurrentAppend", "ConcurrentDelete", "ConcurrentModification", "ConcurrentTransaction"),
    *("ConcurrentWrite", "DELTA_CONCURRENT", "MetadataChanged", "ProtocolChanged"),
    *("IOException", "SocketException", "SocketTimeout", "TimeoutException", "ConnectException"),
    *("SparkOutOfMemory", "FetchFailed", "ExecutorLost", "No space left"),
)


def is_transient(error: BaseException) -> bool:
    """Say whether another try of a flow could end otherwise.

    A mistake in the code or in the data stays one; what came from outside may pass.
    """
    from pyspark.errors import AnalysisException, ParseException, PySparkTypeError

    if isinstance(error, NbkitError | AnalysisException | ParseException | PySparkTypeError):
        return False
    if isinstance(error, OSError) and not isinstance(error, FileNotFoundError | PermissionError):
        return True
    text = f"{type(error).__name__}: {error}"
    return any(sign in text for sign in _PASSING)


def message_of(error: BaseException) -> str:
    """Return what an error says, on a line, without Java's trace."""
    if isinstance(error, NbkitError):
        return str(error)
    java = getattr(error, "java_exception", None)
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
