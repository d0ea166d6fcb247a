"""Writes output notebooks: whole or not at all, and not at every cell."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from nbformat.v4 import writes_json

from nbkit.errors import Failure
from nbkit.kernels.outcome import NotebookFailed
from nbkit.whole_file import write_atomically

if TYPE_CHECKING:
    from nbformat import NotebookNode

_SHARE_OF_TIME = 10
"""A notebook that takes long to save waits this many times as long before the next save."""


def notebook_bytes(notebook: NotebookNode) -> bytes:
    """Return a notebook as it is stored; text that is not Unicode is escaped, not refused."""
    text: str = writes_json(notebook)
    return text.encode("utf-8", "backslashreplace") + b"\n"


class OutputNotebook:
    """The file of one output notebook.

    Args:
        path: where it goes, made with its folder; or an address that papermill can write to.
        every_seconds: shortest time between two saves, unless forced.
    """

    def __init__(self, path: Path | str, every_seconds: float) -> None:
        self.path = path
        self._every = every_seconds
        self._next = 0.0

    def save(self, notebook: NotebookNode, *, force: bool = False) -> float:
        """Save if it is time to; return in how many seconds the next save may be, 0 if saved.

        Raises:
            NotebookFailed: it cannot be written; what was saved before stays as it is.
        """
        started = time.monotonic()
        if not force and started < self._next:
            return self._next - started
        try:
            self._write(notebook)
        except OSError as error:
            reason = error.strerror or str(error)
            message = f"The output notebook cannot be saved: {reason}: {self.path}"
            raise NotebookFailed(Failure("internal", message, type(error).__name__)) from error
        now = time.monotonic()
        self._next = now + max(self._every, _SHARE_OF_TIME * (now - started))
        return 0.0

    def _write(self, notebook: NotebookNode) -> None:
        if isinstance(self.path, Path):
            write_atomically(self.path, notebook_bytes(notebook))
        else:
            from papermill.iorw import write_ipynb

            write_ipynb(notebook, self.path)
