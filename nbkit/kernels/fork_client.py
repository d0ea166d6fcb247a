"""The owner's side of the fork server: start it, ask for kernels, hear how they end."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Self

from nbkit.channel import Channel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


CAN_FORK = sys.platform == "linux"
"""Elsewhere system libraries may crash after a fork, or there is none."""

_LAST_WORDS_SECONDS = 5


class ForkedKernel:
    """One kernel of a fork server.

    Attributes:
        pid: resolved when the kernel has been forked.
        ready: resolved when it listens.
        exited: resolved when it has ended: with its exit code, or minus the signal's number.
    """

    def __init__(self, server: ForkServer, key: str) -> None:
        self.pid: Future[int] = Future()
        self.ready: Future[None] = Future()
        self.exited: Future[int] = Future()
        self._server = server
        self._key = key

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel and all it started, unless it has ended."""
        if not self.exited.done():
            self._server.send({"signal": self._key, "number": number})

    def hear(self, message: dict[str, Any]) -> None:
        """Take what the fork server tells of this kernel."""
        if "started" in message:
            self.pid.set_result(message["pid"])
        elif "ready" in message:
            self.ready.set_result(None)
        else:
            self._end(message["status"])

    def lose(self) -> None:
        """Take it that the fork server has gone, and the kernel with it."""
        self._end(-signal.SIGKILL)

    def _end(self, status: int) -> None:
        for future in (self.pid, self.ready):
            if not future.done():
                future.set_exception(ConnectionError(f"it ended at once, with status {status}"))
        self.exited.set_result(status)


class ForkServer:
    """A running fork server; usable from any thread.

    Args:
        directory: private folder of its log and its kernels; it removes it at its end.
        control: connection to it.
        process: it, if it is a child of this process.

    Attributes:
        directory: as given.
        up: set when everything is imported.
        pid: process id of the server, known when it is up.
    """

    def __init__(
        self,
        directory: Path,
        control: Channel,
        process: subprocess.Popen[bytes] | None = None,
    ) -> None:
        self.directory = directory
        self.pid = process.pid if process else 0
        self._kernels: dict[str, ForkedKernel] = {}
        self._lock = threading.Lock()
        self._started = 0
        self._control = control
        self._process = process
        self.up = threading.Event()
        self._gone = False
        self._listener = threading.Thread(target=self._listen, name="nbkit-forks", daemon=True)
        self._listener.start()

    @classmethod
    def begin(cls, directory: Path, modules: list[str]) -> Self:
        """Start a fork server that imports `modules` ahead of use."""
        ours, theirs = socket.socketpair()
        log = directory / "fork-server.log"
        with theirs, log.open("ab") as output:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "nbkit.kernels.fork_server"),
                    *(str(theirs.fileno()), str(directory), *modules),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C in the terminal is for the owner alone
            )
        return cls(directory, Channel(ours), process)

    @property
    def is_alive(self) -> bool:
        """Whether kernels can still be had from it."""
        return not self._gone

    def start(
        self, connection_file: str, *, log: str, env: Mapping[str, str], cwd: str
    ) -> ForkedKernel:
        """Ask for a kernel that listens where `connection_file` says."""
        with self._lock:
            self._started += 1
            key = str(self._started)
            kernel = self._kernels[key] = ForkedKernel(self, key)
            gone = self._gone
        if gone:
            kernel.lose()
        self.send(
            {
                "start": key,
                "connection_file": connection_file,
                "log": log,
                "env": dict(env),
                "cwd": cwd,
            }
        )
        return kernel

    def send(self, request: dict[str, Any]) -> None:
        """Send one request; if the server is gone, its kernels have been told."""
        with contextlib.suppress(OSError):
            self._control.send(request)

    def close(self) -> None:
        """End the server and every kernel it still has."""
        self._control.finish()
        if self._process is not None:
            if not self.up.is_set():  # still importing, and without kernels
                self._process.kill()
            try:
                self._process.wait(_LAST_WORDS_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._listener.join()  # until the end of file, which is the server's end
        self._control.close()

    def _listen(self) -> None:
        for line in self._control:
            self._pass_on(line)
        with self._lock:
            self._gone = True
            lost = list(self._kernels.values())
            self._kernels.clear()
        for kernel in lost:
            kernel.lose()

    def _pass_on(self, message: dict[str, Any]) -> None:
        if "up" in message:
            self.pid = message["pid"]
            self.up.set()
            return
        key = message.get("started") or message.get("ready") or message["exited"]
        with self._lock:
            kernel = self._kernels.pop(key) if "exited" in message else self._kernels[key]
        kernel.hear(message)


def current_environment() -> dict[str, str]:
    """Return the environment that a kernel of ours starts with."""
    inherited = dict(os.environ)
    # Set when nbkit itself runs in a kernel: it would make ours end with that one's parent.
    inherited.pop("JPY_PARENT_PID", None)
    return inherited
