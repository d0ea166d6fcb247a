"""A fork server kept beside a kept Spark driver: what kernels need is imported once for many runs.

`python -m nbkit.kernels.kept_forks` reads the project's settings as JSON, imports what they say,
listens on a unix socket and forks itself for every owner that connects: the fork is that owner's
fork server (`nbkit.kernels.fork_server`), as if it had started one. An owner's first line is
`{"directory": …}`, its private one. The kept one ends with the driver, which it watches, and when
another is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from nbkit.channel import Channel, private_folder
from nbkit.process_start import limits, read_once
from nbkit.whole_file import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbkit.settings import Settings

_START_SECONDS = 60
_LOOK_EVERY_SECONDS = 0.05
_CURRENT_SECONDS = 30  # after which a server that another replaced has noticed
_SOCKET = "forks"


def connect(settings: Settings) -> Channel | None:
    """Return a connection to the project's kept server; None if it has none that fits.

    One that fits imported what this process would import: the same files, of the same Python, with
    the same environment as far as that is read only once.
    """
    kept = _read(settings)
    return _connected(kept) if kept.get("imported") == _imports(settings) else None


def keep(settings: Settings, *, wait: bool = True) -> None:
    """Start a server for the project, if it has none that fits; its driver has to be there.

    Args:
        settings: of the project.
        wait: return only when it has imported everything.
    """
    control = connect(settings)
    if control is not None:
        control.close()
        return
    log = settings.state_directory / "kernels.log"
    with open(os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as output:  # noqa: PTH123 - only os.open sets the mode
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "nbkit.kernels.kept_forks"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            cwd=os.sep,
            start_new_session=True,
        )
    assert process.stdin
    with process.stdin:
        process.stdin.write(settings.model_dump_json().encode())
    deadline = time.monotonic() + (_START_SECONDS if wait else 0)
    while process.poll() is None and time.monotonic() < deadline:
        if _read(settings).get("pid") == process.pid:
            return
        time.sleep(_LOOK_EVERY_SECONDS)


def await_end(settings: Settings) -> None:
    """Wait until no server is kept any more, once its driver has ended."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and (control := _connected(_read(settings))) is not None:
        control.close()
        time.sleep(_LOOK_EVERY_SECONDS)


def _file(settings: Settings) -> Path:
    return settings.state_directory / "kernels.json"


def _read(settings: Settings) -> dict[str, Any]:
    """Return what a kept server says of itself, live or not; nothing if there is none."""
    try:
        kept = json.loads(_file(settings).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _connected(kept: Mapping[str, Any]) -> Channel | None:
    try:
        return Channel.to(kept["socket"])
    except (OSError, KeyError, TypeError):
        return None


def _imports(settings: Settings) -> str:
    """Return what tells one server from another: which files it imported, how new; with what."""
    package = Path(__file__).parents[1]
    newest = max(file.stat().st_mtime_ns for file in package.rglob("*.py"))
    installed = Path(sysconfig.get_path("purelib")).stat().st_mtime_ns
    found = [sys.executable, settings.kernels.preload, str(package), newest, installed]
    around = [sorted(read_once(os.environ).items()), limits()]
    return hashlib.sha256(json.dumps([found, around]).encode()).hexdigest()


def main() -> None:
    """Import, listen, and fork for every owner until the driver ends."""
    from nbkit.kernels.fork_server import ALWAYS, LATER, preload
    from nbkit.settings import Settings
    from nbkit.spark import discovery

    settings = Settings.model_validate_json(sys.stdin.buffer.read())
    imported = _imports(settings)
    watch = discovery.connect(settings, start=False)
    if watch is None:
        sys.exit("There is no Spark driver to stay with.")
    watch.send({"want": "watch"})
    preload([*ALWAYS, *settings.kernels.preload])
    preload([*LATER])
    folder = private_folder()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(folder / _SOCKET))
    listener.listen()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    file = _file(settings)
    told = {"socket": str(folder / _SOCKET), "imported": imported, "pid": os.getpid()}
    write_atomically(file, json.dumps(told).encode())
    ours = file.read_bytes()
    try:
        _serve(listener, watch.fileno(), lambda: file.read_bytes() == ours)
    finally:
        with suppress(OSError):
            if file.read_bytes() == ours:
                file.unlink()
        shutil.rmtree(folder, ignore_errors=True)


def _serve(listener: socket.socket, driver: int, current: Callable[[], bool]) -> None:
    """Fork for every owner, until the driver closes its connection or another server is kept."""
    with selectors.DefaultSelector() as selector:
        selector.register(driver, selectors.EVENT_READ)
        selector.register(listener, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in selector.select(_CURRENT_SECONDS)}
            if driver in ready or not current():
                return
            if listener.fileno() in ready:
                control, _ = listener.accept()
                with control:
                    sys.stdout.flush()
                    if os.fork() == 0:
                        selector.close()
                        listener.close()
                        os.close(driver)
                        _be_owned(Channel(control))


def _be_owned(control: Channel) -> NoReturn:
    """In the forked process: be the fork server of the owner at the other end."""
    from nbkit.kernels.fork_server import ForkServer, write_to

    status = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        owner = control.receive()
        if owner is not None:
            directory = owner["directory"]
            write_to(Path(directory, "fork-server.log"))
            ForkServer(control).serve()
            shutil.rmtree(directory, ignore_errors=True)
        status = 0
    except BaseException:  # noqa: BLE001 - a fork must not go on as a second kept server
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
