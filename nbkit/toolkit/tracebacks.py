"""Errors as the author wants to read them: the notebook's own lines, a lost driver by name."""

from __future__ import annotations

import sys
import typing

from nbkit.errors import DriverLostError
from nbkit.toolkit.say import say
from nbkit.toolkit.session import session

if typing.TYPE_CHECKING:
    from types import TracebackType

    from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

_LIBRARIES = frozenset({"pyspark", "py4j", "delta", "nbkit"})


class Tracebacks:
    """Shows the errors of one notebook."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._lost: tuple[BaseException, DriverLostError] | None = None
        shell.set_custom_exc((Exception,), self._show)
        shell.events.register("post_run_cell", self._rename)

    def _show(
        self,
        shell: InteractiveShell,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType,
        tb_offset: int | None = None,
    ) -> None:
        if driver_lost(error):
            lost = DriverLostError(
                f"the Spark driver went away while this cell used it ({kind.__name__}: {error})",
                "Run the cell again to attach to a new driver; temporary views are gone.",
            )
            self._lost = error, lost
            say({"kind": "spark_lost", "message": str(lost)})
            session.forget()
            kind, error = DriverLostError, lost
        _cut(trace)
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset, running_compiled_code=True)

    def _rename(self, result: ExecutionResult) -> None:
        """Let the cell's reply name the error that was shown."""
        if self._lost and result.error_in_exec is self._lost[0]:
            result.error_in_exec = self._lost[1]


def driver_lost(error: BaseException | None) -> bool:
    """Say whether `error` came up because the Spark driver does not answer any more."""
    if "py4j.protocol" not in sys.modules:
        return False
    from py4j.protocol import Py4JError, Py4JJavaError

    while error is not None:
        if isinstance(error, (Py4JError, ConnectionError, EOFError)):
            by_spark = "py4j" in {_library(frame) for frame in _frames(error.__traceback__)}
            return by_spark and not isinstance(error, Py4JJavaError) and not _answers()
        error = error.__cause__ or error.__context__
    return False


def _answers() -> bool:
    """Ask the driver for a sign of life."""
    from py4j.protocol import Py4JError
    from pyspark.core.context import SparkContext

    context = SparkContext._active_spark_context  # noqa: SLF001 - PySpark has no other way
    try:
        return context is not None and context._jvm.System.nanoTime() != 0  # noqa: SLF001
    except (Py4JError, OSError, EOFError):
        return False


def _cut(trace: TracebackType) -> None:
    """End a traceback at its last line outside Spark and nbkit: theirs help nobody."""
    frames = list(_frames(trace))
    own = [frame for frame in frames if _library(frame) not in _LIBRARIES]
    (own or frames)[-1].tb_next = None


def _frames(trace: TracebackType | None) -> typing.Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _library(frame: TracebackType) -> str:
    return str(frame.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
