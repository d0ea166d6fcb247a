"""Send messages in the background: the run neither waits for them nor fails with them."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self

from nbkit.errors import NbkitError
from nbkit.events import Noted
from nbkit.notify.destinations import NoDestinationError, destination, names
from nbkit.notify.message import message

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from nbkit.clock import Clock
    from nbkit.events import Event
    from nbkit.graph.run_graph import RunGraph
    from nbkit.notify.destinations import Destination
    from nbkit.notify.message import Message
    from nbkit.rules.state import RunState
    from nbkit.settings import NotifySettings

    Send = Callable[[Destination, Message], str]


class Notifier:
    """Listens to a run and tells whom the job names; a context manager around the run.

    On leaving, it gives messages that are still under way `patience_seconds`, no longer.

    Args:
        graph: what runs.
        settings: the destinations.
        clock: tells when a message could not be sent.
        note: records that; it is called from another thread.
        send: sends one message and returns why that failed, or nothing.
    """

    def __init__(
        self,
        graph: RunGraph,
        settings: NotifySettings,
        clock: Clock,
        note: Callable[[Noted], None],
        send: Send | None = None,
    ) -> None:
        self._graph = graph
        self._settings = settings
        self._clock = clock
        self._note = note
        self._send = send or send_with_apprise
        self._lines: dict[str, _Line] = {}

    def __enter__(self) -> Self:
        """Get ready; nothing is loaded before the first message."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait a little for what is still under way, and note what is then not yet sent."""
        until = time.monotonic() + self._settings.patience_seconds
        for line in self._lines.values():
            line.queue.put(None)
        for name, line in self._lines.items():
            line.thread.join(max(0, until - time.monotonic()))
            if line.thread.is_alive():
                line.given_up.set()
                seconds = f"{self._settings.patience_seconds:g} s"
                self._note_failure(name, f"no answer within {seconds} of the run's end")

    def on_event(self, event: Event, state: RunState) -> None:
        """Pass on what an event gives to tell; returns at once."""
        told = message(self._graph, state, event)
        if told is None:
            return
        for name in names(told, self._settings):
            if name not in self._lines:
                self._lines[name] = _Line(name, self._work)
            self._lines[name].queue.put(told)

    def _work(self, line: _Line) -> None:
        """Send to one destination, one after the other; the body of its thread."""
        while (told := line.queue.get()) is not None and not line.given_up.is_set():
            try:
                problem = self._send(destination(line.name, told, self._settings), told)
            except NoDestinationError as error:
                problem = str(error)
            except Exception as error:  # noqa: BLE001 - its text may hold secrets
                problem = type(error).__name__
            if problem and not line.given_up.is_set():
                self._note_failure(line.name, problem, told)

    def _note_failure(self, name: str, problem: str, told: Message | None = None) -> None:
        occasion = f" {told.occasion}" if told else ""
        text = f"the{occasion} message to {name} was not delivered: {problem}"
        with suppress(NbkitError):  # a ledger that fails ends the run by itself
            self._note(Noted(self._clock.now(), text, told.task_key if told else ""))


class _Line:
    """The way to one destination: a dead one must not keep the others waiting."""

    def __init__(self, name: str, work: Callable[[_Line], None]) -> None:
        self.name = name
        self.queue: SimpleQueue[Message | None] = SimpleQueue()
        self.given_up = threading.Event()
        self.thread = threading.Thread(
            target=work, args=(self,), name=f"nbkit notify {name}", daemon=True
        )
        self.thread.start()


def send_with_apprise(to: Destination, told: Message) -> str:
    """Send one message with apprise; return why that failed, or nothing."""
    import apprise

    with _Complaints() as complaints:
        service = apprise.Apprise.instantiate(to.url)
        if service is None:
            return "its URL in nbkit.toml is none that apprise knows"
        kind = apprise.NotifyType.FAILURE if told.failed else apprise.NotifyType.INFO
        if service.notify(body=told.body, title=told.title, notify_type=kind):
            return ""
    return to.without_secrets(complaints.first) or "it was refused"


@dataclass
class _Heard:
    """How many threads listen to apprise's log, and where else it went before the first did."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    by: int = 0
    propagated: bool = True


_heard = _Heard()
_LOGGER = logging.getLogger("apprise")


class _Complaints(logging.Handler):
    """Keeps what apprise logs in this thread, which would else go to the terminal."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.first = ""
        self._thread = threading.get_ident()

    def __enter__(self) -> Self:
        """Listen."""
        with _heard.lock:
            if not _heard.by:
                _heard.propagated, _LOGGER.propagate = _LOGGER.propagate, False
            _heard.by += 1
            _LOGGER.addHandler(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening."""
        with _heard.lock:
            _LOGGER.removeHandler(self)
            _heard.by -= 1
            if not _heard.by:
                _LOGGER.propagate = _heard.propagated

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the first complaint of this thread."""
        if record.thread == self._thread and not self.first:
            self.first = record.getMessage()
