"""What one attempt at a notebook is given: the request, who listens, and how to stop it."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nbformat import NotebookNode

    from nbkit import wire
    from nbkit.errors import Cause
    from nbkit.kernels.outcome import Outcome
    from nbkit.kernels.output import OutputNotebook
    from nbkit.kernels.pool import Pool


@dataclass(frozen=True)
class NotebookRequest:
    """One notebook to run.

    Attributes:
        notebook: the notebook's file, which is not changed; or the notebook itself.
        output: where the executed notebook goes.
        context: what its kernel is told.
        cell_timeout_seconds: longest a single cell may run; 0 for no limit.
    """

    notebook: Path | NotebookNode
    output: Path
    context: wire.Context
    cell_timeout_seconds: float = 0


class Listener(Protocol):
    """Hears of an attempt while it runs, in the attempt's thread."""

    def progressed(self, cell: int, cells: int) -> None:
        """Code cell `cell`, from 1, out of `cells` begins."""

    def said(self, message: wire.Message) -> None:
        """The notebook's kernel said something to the runner."""


class Silence:
    """A listener that does nothing."""

    def progressed(self, cell: int, cells: int) -> None:
        """Ignore it."""

    def said(self, message: wire.Message) -> None:
        """Ignore it."""


class StopRequest:
    """Asks an attempt, from any thread, to end; the first cause given counts."""

    def __init__(self) -> None:
        self.cause: Cause | None = None
        self._lock = threading.Lock()
        self._watchers: list[Callable[[Cause], None]] = []

    def request(self, cause: Cause) -> None:
        """Interrupt the attempt's kernel, and kill it if that does not help."""
        with self._lock:
            if self.cause is not None:
                return
            self.cause = cause
            watchers = tuple(self._watchers)
        for watcher in watchers:
            watcher(cause)

    @contextlib.contextmanager
    def watched(self, watcher: Callable[[Cause], None]) -> Iterator[None]:
        """Call `watcher` when the stop is requested, at once if it has been."""
        with self._lock:
            self._watchers.append(watcher)
            cause = self.cause
        if cause is not None:
            watcher(cause)
        try:
            yield
        finally:
            with self._lock:
                self._watchers.remove(watcher)


@dataclass
class Attempt:
    """Everything that the engine needs for one notebook.

    Attributes:
        context: what the kernel is told.
        cell_timeout_seconds: longest a single cell may run; 0 for no limit.
        grace_seconds: between interrupting a kernel and killing it.
        listener, stop: who hears of it, and who may end it.
        pool: where its kernel comes from.
        output: the output notebook; None if nothing is to be written.
        alone: whether papermill was started without nbkit, and reports errors by itself.
        started_within_seconds: longest a kernel may take to answer.
        outcome: how it ended; set by the engine.
    """

    context: wire.Context
    cell_timeout_seconds: float
    grace_seconds: float
    listener: Listener
    stop: StopRequest
    pool: Pool
    output: OutputNotebook | None
    alone: bool = False
    started_within_seconds: float = 60
    outcome: Outcome | None = None
