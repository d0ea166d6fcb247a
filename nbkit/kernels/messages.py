"""The runner's side of what a kernel tells it: a file that only grows, see `nbkit.wire`."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbkit import wire
    from nbkit.kernels.attempt import Listener

_log = logging.getLogger(__name__)

_LISTEN_EVERY_SECONDS = 0.1


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
        try:
            if self.path.stat().st_size == self._read:
                return
            with self.path.open("rb") as file:
                file.seek(self._read)
                whole, newline, _ = file.read().rpartition(b"\n")
        except FileNotFoundError:  # killed at once, and the folder of all kernels with it
            return
        self._read += len(whole) + len(newline)
        for line in filter(None, whole.split(b"\n")):
            try:
                message: wire.Message = json.loads(line)
            except ValueError:  # a full disk cut it off, and the cell has heard of that
                _log.warning("The kernel wrote a message that ends in the middle")
                continue
            yield message


class Ear:
    """Hears what the kernel of an attempt says, and passes it on.

    Args:
        listener: of the attempt.

    Attributes:
        exit_value: what `dbutils.notebook.exit` was given in the cell that runs.
        spark_lost: why the kernel has no Spark driver any more, if it had one.
    """

    def __init__(self, listener: Listener) -> None:
        self.exit_value: str | None = None
        self.spark_lost: str | None = None
        self._listener = listener
        self._messages: Messages | None = None

    async def listen(self, path: Path) -> None:
        """Hear every now and then, until cancelled, what comes in a file."""
        self._messages = Messages(path)
        while True:
            await asyncio.sleep(_LISTEN_EVERY_SECONDS)
            self.hear()

    def hear(self) -> None:
        """Hear all that has been said until now."""
        for said in self._messages.new() if self._messages else ():
            if said["kind"] == "exit":
                self.exit_value = said["value"]
            elif said["kind"] == "spark_lost":
                self.spark_lost = said["message"]
            elif said["kind"] == "spark_attached":  # to a new driver: the loss was got over
                self.spark_lost = None
            self._listener.said(said)

    def close(self) -> None:
        """Hear the last, from exit handlers, and remove the file."""
        try:
            self.hear()
        finally:
            if self._messages is not None:
                self._messages.path.unlink(missing_ok=True)
