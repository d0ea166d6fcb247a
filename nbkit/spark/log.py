"""The driver's log: what the JVM and its Python workers print, without the values of secrets."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nbkit.hidden import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE_SECONDS = 2


class Log:
    """Passes on lines to this process's standard error, which is the log's file."""

    def __init__(self) -> None:
        self._hidden = Redactor()
        self._thread: threading.Thread | None = None

    def hide(self, value: str) -> None:
        """Keep a value out of all lines from now on."""
        self._hidden.hide(value)

    @contextmanager
    def taking(self) -> Iterator[int]:
        """Yield what a process is to print to; it is read until everybody has closed it."""
        reading, writing = os.pipe()
        self._thread = threading.Thread(target=self._pass_on, args=[reading], daemon=True)
        self._thread.start()
        try:
            yield writing
        finally:
            os.close(writing)

    def close(self) -> None:
        """Wait for the last lines."""
        if self._thread is not None:
            self._thread.join(_PATIENCE_SECONDS)

    def _pass_on(self, reading: int) -> None:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                sys.stderr.write(self._hidden.text(line))
                sys.stderr.flush()
