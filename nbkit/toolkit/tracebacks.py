"""Errors as the author wants to read them: the notebook's own lines, a lost driver by name."""

from __future__ import annotations

import typing
from itertools import pairwise

from nbkit import serving as attempt
from nbkit.errors import DriverLostError, NbkitError
from nbkit.toolkit.notebook import NotebookExit
from nbkit.toolkit.session import session

if typing.TYPE_CHECKING:
    from types import TracebackType

    from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

_LIBRARIES = frozenset({"pyspark", "py4j", "delta", "nbkit"})


class Tracebacks:
    """Shows the errors of one notebook."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._lost: tuple[BaseException, DriverLostError] | None = None
        shell.set_custom_exc((Exception, NotebookExit), self._show)
        shell.events.register("post_run_cell", self._rename)

    def _show(
        self,
        shell: InteractiveShell,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType,
        tb_offset: int | None = None,
    ) -> None:
        if isinstance(error, NotebookExit) and attempt.current() is None:
            print(f"Notebook exited: {error}")  # no error: a person should not see red
            return
        if driver_lost(error):
            reason = " ".join(f"{kind.__name__}: {error}".splitlines()[:2])  # Java's trace follows
            lost = DriverLostError(
                f"The Spark driver went away while this cell used it ({reason}).",
                "Run the cell again to attach to a new driver; temporary views are gone.",
            )
            self._lost = error, lost
            session.lose(lost)
            kind, error = DriverLostError, lost
        _cut(trace)
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset, running_compiled_code=True)

    def _rename(self, result: ExecutionResult) -> None:
        """Let the cell's reply name the error that was shown."""
        if self._lost and result.error_in_exec is self._lost[0]:
            result.error_in_exec = self._lost[1]


def driver_lost(error: BaseException) -> bool:
    """Say whether the driver's end is what `error` is about, in Java's words and not in ours."""
    if isinstance(error, NbkitError) or not session.attached:
        return False
    from py4j.protocol import Py4JError

    from nbkit.spark import lease

    # A bare Py4JError tells nothing: the connection broke, or a Java method does not exist.
    return lease.lost(error) or (type(error) is Py4JError and not session.answers())


def _cut(trace: TracebackType) -> None:
    """End a traceback at its last line outside Spark and nbkit: theirs help nobody.

    nbkit's lines in between, where a step calls its function, are left out too.
    """
    frames = list(_frames(trace))
    own = [frame for frame in frames if _library(frame) not in _LIBRARIES]
    last = (own or frames)[-1]
    until = frames[: frames.index(last)]
    shown = [frame for frame in until if frame is trace or _library(frame) != "nbkit"]
    for frame, following in pairwise([*shown, last]):
        frame.tb_next = following
    last.tb_next = None


def _frames(trace: TracebackType | None) -> typing.Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _library(frame: TracebackType) -> str:
    return str(frame.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
