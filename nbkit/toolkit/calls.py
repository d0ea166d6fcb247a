"""The notebook's side of `dbutils.notebook.run`: what it called, and what it hears of it.

`nbkit.app.calls` is the other side and says how they talk. In a job that is the job's own
process; a person's kernel starts one, `nbkit.app.workflow`, for its first call.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
import threading
import typing
from concurrent.futures import Future

from nbkit import serving as attempt
from nbkit.channel import Channel
from nbkit.dialect import paths
from nbkit.toolkit import secret_store

_ADDRESS = "NBKIT_CALLS"
_LAST_WORDS = 2000


class NotebookRunError(RuntimeError):
    """A called notebook did not succeed, or could not be run."""


class Request(typing.TypedDict):
    """What to run: a notebook as its caller names it, from which folder, how long, with what.

    `secrets` tells where the arguments have references to secrets, in place of their values.
    """

    notebook: str
    directory: str
    timeout: int
    arguments: dict[str, str]
    secrets: dict[str, list[tuple[int, int]]]


class Call:
    """One notebook that was called.

    Attributes:
        begun: resolved with the run's id when it begins.
        ended: resolved with what is told of its end.
        cancel: asks for its end.
    """

    def __init__(self, cancel: typing.Callable[[], None]) -> None:
        self.begun: Future[int] = Future()
        self.ended: Future[dict[str, typing.Any]] = Future()
        self.cancel = cancel

    def hear(self, message: dict[str, typing.Any]) -> None:
        """Take what is told of this call."""
        if "begun" in message:
            self.begun.set_result(message["run_id"])
        elif "ended" in message:
            self.ended.set_result(message)
        else:
            self.fail(message["message"])

    def fail(self, message: str) -> None:
        """Take it that it did not run, or that nothing more will be told."""
        for future in (self.begun, self.ended):
            if not future.done():
                future.set_exception(NotebookRunError(message))


class Line:
    """A connection to who runs the notebooks; usable from any thread."""

    def __init__(self, address: str) -> None:
        self._lock = threading.Lock()
        self._calls: dict[int, Call] = {}
        self._numbers = itertools.count(1)
        self._channel = Channel.to(address)
        self.over = False
        threading.Thread(target=self._listen, daemon=True).start()

    def call(self, request: Request) -> Call:
        """Ask for a run."""
        context, number = attempt.current(), next(self._numbers)
        call = Call(lambda: self._send(cancel=number))
        with self._lock:
            self._calls[number] = call
        own = {
            "caller": context["run_id"] if context else 0,
            "spark_conf": context["spark_conf"] if context else {},
            "env": context["env"] if context else {},
            "skip_unsupported": bool(context and context.get("skip_unsupported", False)),
        }
        self._send(run=number, **own, **request)
        if self.over:
            call.fail(_LOST)
        return call

    def _send(self, **message: typing.Any) -> None:
        try:
            self._channel.send(message)
        except OSError:  # the other side has ended: who listens fails the calls
            self.over = True

    def _listen(self) -> None:
        for message in self._channel:
            kind = next(kind for kind in ("begun", "ended", "refused") if kind in message)
            self._calls[message[kind]].hear(message)
        self.over = True
        with self._lock:
            left = list(self._calls.values())
        for call in left:
            call.fail(_LOST)


_LOST = "The process that runs called notebooks has ended."


class Calls:
    """The calls of this kernel."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line: Line | None = None
        self._process: subprocess.Popen[str] | None = None

    def begin(self, request: Request) -> Call:
        """Ask for a run.

        Raises:
            NotebookRunError: the process that runs notebooks does not start.
        """
        with self._lock:
            if self._line is None or self._line.over:
                self._line = Line(os.environ.get(_ADDRESS) or self._start())
            return self._line.call(request)

    def _start(self) -> str:
        """Start a process for the notebooks that a person's notebook calls."""
        with tempfile.TemporaryFile() as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "nbkit.app.workflow", str(paths.project())],
                stdin=subprocess.PIPE,  # it lasts as long as this end is open
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=secret_store.unresolved(os.environ),
                start_new_session=True,  # an interrupt is for the notebook, which then cancels
            )
            assert self._process.stdout is not None
            address = self._process.stdout.readline().strip()
            if not address:
                errors.seek(0)
                words = errors.read().decode(errors="replace")[-_LAST_WORDS:]
                raise NotebookRunError(f"Called notebooks cannot run here: {words}")
            return address


calls = Calls()
"""The ones of this kernel."""
