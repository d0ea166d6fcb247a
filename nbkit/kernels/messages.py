"""The runner's side of what a kernel tells it: a file that only grows, see `nbkit.wire`."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbkit import wire

_log = logging.getLogger(__name__)


class Messages:
    """Reads the messages of one kernel; what it wrote is there as soon as it has written it.

    Args:
        path: the file, which is made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = 0
        path.touch(mode=0o600)

    def new(self) -> Iterator[wire.Message]:
        """Yield the messages that came since the last call; the end of an unfinished one waits."""
        if self.path.stat().st_size == self._read:
            return
        with self.path.open("rb") as file:
            file.seek(self._read)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + len(newline)
        for line in filter(None, whole.split(b"\n")):
            try:
                message: wire.Message = json.loads(line)
            except ValueError:  # a full disk cut it off, and the cell has heard of that
                _log.warning("The kernel wrote a message that ends in the middle")
                continue
            yield message
