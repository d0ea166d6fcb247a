"""How a run learns that somebody wants it to end: Ctrl-C, or a request in the ledger."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_LOOK_EVERY_MILLISECONDS = 500
_TIMES_TO_KILL = 2


class CancelWatch:
    """Tells the loop whether to cancel the run, and whether to kill what it runs.

    Args:
        requested: asks outside of this process, such as the ledger, whether to cancel; it is
            asked at most every half second. None: nobody outside can.
    """

    def __init__(self, requested: Callable[[], bool] | None = None) -> None:
        self._requested = requested
        self._look_at = 0
        self._times = 0
        self._wake: Callable[[], None] = _nothing

    def cancel(self) -> None:
        """Ask for the end of the run; the second time, without waiting for anything.

        May be called from a signal handler and from any thread.
        """
        self._times += 1
        self._wake()

    def cancel_wanted(self, now: int) -> bool:
        """Tell whether the run should end."""
        if self._times:
            return True
        if self._requested is None or now < self._look_at:
            return False
        self._look_at = now + _LOOK_EVERY_MILLISECONDS
        return self._requested()

    def kill_wanted(self) -> bool:
        """Tell whether what runs should be killed."""
        return self._times >= _TIMES_TO_KILL

    def next_look(self, now: int, wake: int | None) -> int | None:
        """Return when the loop has to come back: for `wake`, or to ask outside again."""
        if self._requested is None or self._times:
            return wake
        look_at = max(self._look_at, now)
        return look_at if wake is None else min(wake, look_at)

    @contextmanager
    def waking(self, wake: Callable[[], None]) -> Iterator[None]:
        """Have `cancel` interrupt the loop's waiting, for as long as the loop runs."""
        self._wake = wake
        try:
            yield
        finally:
            self._wake = _nothing


@contextmanager
def ctrl_c_cancels(watch: CancelWatch) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM cancel the run, a second one kill it, a third one end nbkit.

    Outside of the main thread, where Python takes no signals, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def cancel(number: int, frame: FrameType | None) -> None:
        del frame
        if watch.kill_wanted():
            signal.signal(number, before[signal.Signals(number)] or signal.SIG_DFL)
            signal.raise_signal(number)
        watch.cancel()

    try:
        for number in before:
            signal.signal(number, cancel)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _nothing() -> None:
    pass
