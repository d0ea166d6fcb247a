"""How clients find the project's driver, and start it when there is none.

The driver file names a unix socket. A driver is live when that socket accepts; nothing else
(process ids, times) is trusted. The socket lies in a private folder under a short path, since
the path of a unix socket may have about 100 bytes only.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from filelock import FileLock

from nbkit.channel import Channel, scratch_parent
from nbkit.channel import private_folder as folder_of
from nbkit.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nbkit.settings import Settings

_PREFIX = "nbkit-spark-"
_SOCKET = "driver"
_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class DriverAddress:
    """Where a driver listens.

    Attributes:
        pid: process id of the driver (its JVM is a child).
        socket: path of its unix socket.
        started: seconds since the epoch.
    """

    pid: int
    socket: str
    started: float


def driver_file(settings: Settings) -> Path:
    """Return the path of the file by which clients find the driver."""
    return settings.state_directory / "driver.json"


def log_file(settings: Settings) -> Path:
    """Return the path of the driver's log, which holds its JVM's too."""
    return settings.state_directory / "driver.log"


def read(settings: Settings) -> DriverAddress | None:
    """Return what the driver file says, live or not."""
    try:
        return DriverAddress(**json.loads(driver_file(settings).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def find(settings: Settings) -> DriverAddress | None:
    """Return the address of the project's live driver, or None."""
    address = read(settings)
    try:
        Channel.to(address.socket).close() if address else None
    except OSError:
        return None
    return address


def connect(settings: Settings, *, start: bool, keep: bool = False) -> Channel | None:
    """Return a connection to the project's driver, starting one if asked and needed.

    Of several clients at once, one starts the driver and the others find it.
    """
    if channel := _knock(settings):
        return channel
    if not start:
        return None
    make_state_directory(settings)
    with FileLock(settings.state_directory / "driver.start.lock"):
        return _knock(settings) or _start(settings, keep=keep)


def _knock(settings: Settings) -> Channel | None:
    address = read(settings)
    try:
        return Channel.to(address.socket) if address else None
    except OSError:
        return None


def _start(settings: Settings, *, keep: bool) -> Channel:
    command = [sys.executable, "-m", "nbkit.spark.driver", "--project", str(settings.root)]
    log = log_file(settings)
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    descriptor = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        process = subprocess.Popen(
            [*command, "--settings", "-", *(["--keep"] if keep else [])],
            stdin=subprocess.PIPE,
            stdout=descriptor,
            stderr=descriptor,
            cwd=settings.root,
            start_new_session=True,  # a Ctrl-C in the terminal is the client's, not the driver's
        )
    finally:
        os.close(descriptor)
    assert process.stdin
    with process.stdin:
        process.stdin.write(settings.model_dump_json().encode())
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if channel := _knock(settings):
            return channel
        time.sleep(0.01)
    raise SetupError("The Spark driver did not start.", f"See {log}.")


def make_state_directory(settings: Settings) -> None:
    """Create `.nbkit/`, and tell git to leave it alone."""
    folder = settings.state_directory
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


@contextmanager
def owned(settings: Settings, waits: Callable[[], None] = lambda: None) -> Iterator[int]:
    """Own the project's one driver: yields a descriptor whose lock the JVM inherits.

    `waits` is called once when another one owns it still.

    The lock is the kernel's and lasts as long as the driver *or its JVM* lives, so a new
    driver never opens the metastore while a killed one's JVM still has it.
    """
    make_state_directory(settings)
    descriptor = os.open(settings.state_directory / "driver.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waits()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def publish(settings: Settings, address: DriverAddress) -> None:
    """Write the driver file, readable by this user only."""
    file = driver_file(settings)
    scratch = file.with_suffix(".json.new")
    with open(os.open(scratch, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as out:  # noqa: PTH123 - only os.open sets the mode
        json.dump(asdict(address), out)
    scratch.replace(file)


def withdraw(settings: Settings, address: DriverAddress) -> None:
    """Remove the driver file, so that no client comes any more, if it still is this driver's.

    When `.nbkit` was removed while a driver stayed, the next driver has a lock and a file of its
    own: without that file nobody would find it, and nobody could start another one.
    """
    if read(settings) == address:
        driver_file(settings).unlink(missing_ok=True)


def private_folder() -> Path:
    """Create the driver's own folder for its socket and scratch files, under a short path."""
    return folder_of(_PREFIX)


def socket_in(folder: Path) -> Path:
    """Return the path of the driver's socket in its private folder."""
    return folder / _SOCKET


def sweep(settings: Settings) -> None:
    """Remove what killed drivers left: this project's file, and private folders of any project."""
    if last := read(settings):
        withdraw(settings, last)
    for folder in scratch_parent().glob(f"{_PREFIX}*"):
        socket = socket_in(folder)
        with suppress(OSError):  # gone meanwhile
            ours = last is not None and str(socket) == last.socket
            if folder.stat().st_uid == os.getuid() and (ours or _abandoned(socket)):
                shutil.rmtree(folder, ignore_errors=True)


def _abandoned(socket: Path) -> bool:
    """Say whether a driver of any project listened here once and no longer does."""
    if not socket.exists() or time.time() - socket.stat().st_mtime < _START_SECONDS:
        return False  # none, or one that may be about to listen
    try:
        Channel.to(str(socket)).close()
    except ConnectionRefusedError:
        return True
    return False
