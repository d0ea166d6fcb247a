"""One run of a step: its tries, what became of it, and what the run's record hears."""

from __future__ import annotations

import itertools
import typing
from contextlib import contextmanager
from contextvars import ContextVar

from nbkit import foreign_errors
from nbkit.clock import SystemClock
from nbkit.guard import driver
from nbkit.guard.policy import Retries
from nbkit.guard.transient import is_transient
from nbkit.toolkit.notebook import NotebookExit
from nbkit.toolkit.say import say

if typing.TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from nbkit.guard.policy import Policy

State = typing.Literal["running", "succeeded", "failed", "recorded"]

_LONGEST_LINE = 300
_clock = SystemClock()
_ids = itertools.count(1)
_innermost: ContextVar[StepRun | None] = ContextVar("nbkit_step", default=None)


class StepRun:
    """A step as it goes: what `with nbkit.step(…) as step` gives.

    As a context manager it is one try; the loop around it asks for the next.

    Attributes:
        id: of the step in this kernel.
        name: as the author calls it.
        state: `running`, `succeeded`, `failed`, or `recorded`: failed, and the notebook goes on.
        tries: how often the body was begun.
        error: the last try's, None if it had none.
        told: the error that a step inside this one has already printed.
        value: for the author to set; what `on_error` gives instead once the step has failed.
        pause_seconds: how long to wait for the next try; None for no other.
    """

    def __init__(self, name: str, policy: Policy) -> None:
        self.name = name
        self.state: State = "running"
        self.tries = 0
        self.error: BaseException | None = None
        self.told: BaseException | None = None
        self.value: typing.Any = None
        self.pause_seconds: float | None = 0.0
        self._policy = policy
        self._retries = Retries(policy) if policy.retries else None
        self.id = str(next(_ids))
        self._parent = _innermost.get()
        self._started = self._ended = 0

    def begin(self) -> typing.Self:
        """Begin a try."""
        self.tries += 1
        self.pause_seconds = None
        self._started = self._started or _clock.now()
        _innermost.set(self)
        self._report()
        return self

    def end(self, error: BaseException | None) -> bool:
        """End a try; swallow its error only if there is another try, or `on_error` says so."""
        _innermost.set(self._parent)
        if error is None or _ends_well(error):
            self.error = None
            self._finish("succeeded")
            return False
        self.error = error
        if self._retries is not None:
            try:
                self.pause_seconds = self._retries.seconds_until_next(error)
            except BaseException:  # the author's `on` or `wait`
                self._finish("failed")
                raise
        if self.pause_seconds is None:
            return self._give_up(error)
        if driver.is_lost(error):
            driver.let_go()
        self._report()
        print(
            f"step {self.name!r}: try {self.tries} failed ({one_line(error)}); "
            f"next in {self.pause_seconds:.3g} s"
        )
        return True

    def __enter__(self) -> typing.Self:
        """Begin a try."""
        return self.begin()

    def __exit__(
        self, kind: object, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """End a try; see `end`."""
        return self.end(error)

    async def __aenter__(self) -> typing.Self:
        """Begin a try."""
        return self.begin()

    async def __aexit__(
        self, kind: object, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """End a try."""
        return self.end(error)

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far, waiting included."""
        return ((self._ended or _clock.now()) - self._started) / 1000 if self._started else 0.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Wait for the next try; stopping the notebook meanwhile ends the step."""
        try:
            yield
        except BaseException as error:
            self.pause_seconds = None
            self.error = error
            self._finish("failed")
            raise

    def _give_up(self, error: BaseException) -> bool:
        """Return whether the notebook goes on."""
        if not isinstance(error, Exception) or self._policy.raises:
            if self.tries > 1:
                error.add_note(
                    f"(step {self.name!r}: try {self.tries}, after {self.seconds:.3g} s)"
                )
            self._finish("failed")
            return False
        try:
            self.value = self._policy.value_after(error)
        except BaseException:
            self._finish("failed")
            raise
        self._finish("recorded")
        return True

    def _finish(self, state: State) -> None:
        """Clean up, and tell how it ended; of two errors the first one goes on."""
        self.state = state
        try:
            if self._policy.cleanup is not None:
                self._policy.cleanup()
        except Exception as error:
            if state == "failed" and self.error is not None:
                self.error.add_note(
                    f"(the cleanup of step {self.name!r} failed: {one_line(error)})"
                )
            else:
                self.state, self.error = "failed", error
                raise
        finally:
            self._ended = _clock.now()
            self._report()
            self._tell()

    def _report(self) -> None:
        error = None if self.state == "succeeded" else self.error
        say(
            {
                "kind": "step",
                "id": self.id,
                "parent": self._parent.id if self._parent else "",
                "name": self.name,
                "state": self.state,
                "tries": self.tries,
                "started_at": self._started,
                "ended_at": self._ended,
                "error": one_line(error) if error else "",
                "transient": error is not None and is_transient(error),
            }
        )

    def _tell(self) -> None:
        error = self.error
        if not isinstance(error, Exception) or self.state not in {"failed", "recorded"}:
            return
        if self._parent:
            self._parent.told = error
        if self.told is error and self.state == "failed":
            return
        tries = "1 try" if self.tries == 1 else f"{self.tries} tries"
        took = f"{tries}, {self.seconds:.3g} s"
        print(f"step {self.name!r} {self.state} after {took}: {one_line(error)}")


def one_line(error: BaseException) -> str:
    """Return an error as one line; of Java's, whose first line says nothing, the second."""
    said = str(error).strip()
    text = foreign_errors.CALL_FAILED.said(said) or said.partition("\n")[0].rstrip()
    line = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"


def _ends_well(error: BaseException) -> bool:
    """Say whether an exception is the author's way to leave: an exit, or a closed generator."""
    if isinstance(error, SystemExit):
        return error.code in {None, 0, "", "0"}
    return isinstance(error, NotebookExit | GeneratorExit)
