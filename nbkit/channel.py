"""How two processes of nbkit talk: one JSON object per line over a connected socket.

What each line means is said by those who speak: the Spark driver's lease, the fork server, and
the notebooks that notebooks call.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Line = dict[str, Any]

_LONGEST_FOLDER = 60
"""The name of a unix socket has at most 103 bytes on macOS."""

_CHUNK = 1 << 16


class Channel:
    """One connected socket that speaks JSON lines; any thread may send, one receives."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._received = b""

    @classmethod
    def to(cls, path: str, patience: float | None = None) -> Channel:
        """Connect to who listens at a path; OSError where there is nobody.

        Args:
            path: of the socket.
            patience: after how many seconds without a word the other side counts as gone.
        """
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(patience)
        try:
            connection.connect(path)
        except OSError:
            connection.close()
            raise
        return cls(connection)

    def send(self, line: Line) -> None:
        """Send one line; OSError when the other side is gone."""
        data = json.dumps(line).encode() + b"\n"
        with self._sending:
            self._connection.sendall(data)

    def receive(self) -> Line | None:
        """Wait for one line; None at the end of file, for whatever reason it came."""
        while (line := self._next()) is None:
            if not self._read():
                return None
        return line

    def __iter__(self) -> Iterator[Line]:
        """Yield lines until the end of file."""
        while (line := self.receive()) is not None:
            yield line

    def arrived(self) -> list[Line] | None:
        """Return the lines that one read completes; None at the end of file."""
        return self.held() if self._read() else None

    def held(self) -> list[Line]:
        """Return the lines that have been read already, without reading."""
        lines = []
        while (line := self._next()) is not None:
            lines.append(line)
        return lines

    def _read(self) -> bool:
        try:
            more = self._connection.recv(_CHUNK)
        except OSError:
            return False
        self._received += more
        return bool(more)

    def _next(self) -> Line | None:
        while b"\n" in self._received:
            line, _, self._received = self._received.partition(b"\n")
            found = json.loads(line)
            if isinstance(found, dict):
                return found
        return None

    @property
    def ended(self) -> bool:
        """Whether the other side is gone, without waiting."""
        try:
            return self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def fileno(self) -> int:
        """Return the descriptor of the socket, to wait for it among others."""
        return self._connection.fileno()

    def finish(self) -> None:
        """Let the other side see the end of file; what it still says can be received."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End it for both sides; harmless when it has ended already."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def forget(self) -> None:
        """Close this process's copy only: what a forked child does with its parent's."""
        self._connection.close()


def scratch_parent() -> Path:
    """Return where folders with sockets go: the temporary folder, if its name is short enough."""
    parent = Path(tempfile.gettempdir())
    if len(os.fsencode(parent)) > _LONGEST_FOLDER and os.name == "posix":
        return Path("/tmp")  # noqa: S108 - mkdtemp makes a private folder in it
    return parent


def private_folder(prefix: str = "nbkit-") -> Path:
    """Make a folder that only this user can enter, with a name short enough for sockets."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=scratch_parent()))
