"""A node: a process that takes planned runs from the ledger, and drives each in one of its own.

A run stays on the node that took it, with its orchestrator, kernels and driver. Of a run whose
process is lost with its node, another node goes on: it repairs it.
"""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import TYPE_CHECKING

from nbkit.app.launching import launch_planned
from nbkit.app.opening import open_ledger
from nbkit.ledger.patience import LedgerAwayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from nbkit.app.launching import Launched
    from nbkit.ledger.store import Ledger
    from nbkit.settings import Settings

_LOOK_EVERY_SECONDS = 0.5


class Node:
    """Takes planned runs until it is told to stop; the runs that it began go on to their ends.

    Args:
        settings: of the project.
        at_once: how many runs it drives at most.
        tell: is told what happens, in one line each.
    """

    def __init__(self, settings: Settings, at_once: int, tell: Callable[[str], None]) -> None:
        self._settings = settings
        self._at_once = at_once
        self._tell = tell
        self._at_work: dict[int, Launched] = {}
        self._stopping = threading.Event()
        self._times = 0

    def stop(self) -> None:
        """Take no more runs; the second time, do not wait for those that go on either."""
        self._times += 1
        self._stopping.set()

    def work(self, *, until_idle: bool = False) -> None:
        """Take runs and have them driven.

        Args:
            until_idle: end as soon as no planned run is left to take.
        """
        with closing(open_ledger(self._settings)) as ledger:
            while True:
                self._reap(ledger)
                taken = False if self._stopping.is_set() else self._take(ledger)
                idle = not taken and not self._at_work
                if self._times > 1 or (idle and (until_idle or self._stopping.is_set())):
                    return
                self._wait()

    def _take(self, ledger: Ledger) -> bool:
        free = self._at_once - len(self._at_work)
        if free <= 0:
            return False
        found = ledger.take_planned(free)
        for run_id, fence in found:
            self._at_work[run_id] = launch_planned(run_id, fence, self._settings)
            self._tell(f"run {run_id} begins ({len(self._at_work)} of {self._at_once})")
        return bool(found)

    def _reap(self, ledger: Ledger) -> None:
        """Let go of runs whose processes have ended; what has no end yet may be taken again."""
        for run_id, launched in tuple(self._at_work.items()):
            if launched.over:
                del self._at_work[run_id]
                with suppress(LedgerAwayError):  # what it holds still, it takes again
                    ledger.release(run_id)
                why = launched.complaint()
                said = f": {why}" if why else f" with status {launched.process.returncode}"
                self._tell(f"run {run_id} left{said}")

    def _wait(self) -> None:
        if self._stopping.is_set():
            threading.Event().wait(_LOOK_EVERY_SECONDS)
        else:
            self._stopping.wait(_LOOK_EVERY_SECONDS)


def work(
    settings: Settings, *, at_once: int, until_idle: bool, tell: Callable[[str], None]
) -> None:
    """Be a node; Ctrl-C and SIGTERM end it once its runs are over, a second one at once.

    Raises:
        NbkitError: the ledger cannot be used.
    """
    node = Node(settings, at_once, tell)
    with _signals_stop(node):
        node.work(until_idle=until_idle)


@contextmanager
def _signals_stop(node: Node) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        node.stop()

    numbers = (signal.SIGINT, signal.SIGTERM)
    with ExitStack() as stack:
        for number in numbers:
            before = signal.signal(number, stop)
            stack.callback(signal.signal, number, before)
        yield
