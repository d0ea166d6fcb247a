"""Errors of flows: what a person reads of them, and whether another try could help."""

from __future__ import annotations

from py4j.protocol import Py4JJavaError

from nbkit.errors import NbkitError
from nbkit.foreign_errors import CALL_FAILED, MACHINE_FAILED, PYTHON_RAISED, WRITE_FAILED
from nbkit.guard import transient
from nbkit.pipelines.declare.sources import as_problem

_LONGEST = 600


def could_pass(error: BaseException) -> bool:
    """Say whether another try of a flow could end otherwise.

    A mistake in the code or in the data stays one; what came from outside may pass.
    """
    from pyspark.errors import PySparkException

    if transient.is_transient(error):
        return True
    from_spark = isinstance(error, PySparkException | Py4JJavaError)
    return from_spark and bool(MACHINE_FAILED.said(str(error)))


def message_of(error: BaseException) -> str:
    """Return what an error says, on a line, without Java's trace."""
    if isinstance(error, NbkitError):
        return str(error)
    java = getattr(error, "java_exception", None)
    if java is None and WRITE_FAILED.said(str(error)):  # of a stream, which PySpark has translated
        java = getattr(error, "_origin", None)
    while java is not None and WRITE_FAILED.said(str(java.getMessage())) and java.getCause():
        java = java.getCause()
    text = str(java.getMessage() or java) if java is not None else str(error)
    found = PYTHON_RAISED.said(text)  # in a function that Spark called
    text = (found or text).strip()
    said = CALL_FAILED.said(text) or text.partition("\n")[0].rstrip()
    name = type(error).__name__
    shown = said if found or name in said or "[" in said[:1] else f"{name}: {said}"
    place = as_problem(error).pointer
    shown = f"{place}: {shown}" if place else shown
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
