"""What a client and the driver say over the lease: one JSON object per line."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from typing import Any

Line = dict[str, Any]


class Channel:
    """One connected unix socket that speaks JSON lines; its end of file ends the lease."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = b""

    @classmethod
    def to(cls, path: str) -> Channel:
        """Connect to a listening driver; OSError where there is none."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(path)
        except OSError:
            connection.close()
            raise
        return cls(connection)

    def send(self, line: Line) -> None:
        """Send one line; OSError when the other side is gone."""
        self._connection.sendall(json.dumps(line).encode() + b"\n")

    def receive(self) -> Line | None:
        """Wait for one line; None at the end of file, for whatever reason it came."""
        while b"\n" not in self._received:
            try:
                more = self._connection.recv(65536)
            except OSError:
                return None
            if not more:
                return None
            self._received += more
        line, _, self._received = self._received.partition(b"\n")
        found = json.loads(line)
        return found if isinstance(found, dict) else None

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

    def close(self) -> None:
        """End the lease; harmless when it has ended already."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def forget(self) -> None:
        """Close this process's copy only: what a forked child does with its parent's lease."""
        self._connection.close()
