"""The fork server that a kept Spark driver has beside it: used by all, owned by none."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from processes import running, until

from nbkit.kernels import kept_forks
from nbkit.kernels.fork_client import CAN_FORK
from nbkit.kernels.pool import fork_ahead, spares_ahead
from nbkit.kernels.run_notebook import Kernels
from nbkit.spark import discovery

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CAN_FORK, reason="kernels are not forked on this system"),
]

OWNER = """
import time, sys
from pathlib import Path
from nbkit.kernels.pool import spares_ahead
from nbkit.settings import Settings
settings = Settings.model_validate_json(sys.stdin.readline())
with spares_ahead(settings) as pool:
    while not pool._spares: time.sleep(0.05)
    print(pool._server.pid, pool._spares[0].manager.provisioner.kernel.pid.result(), flush=True)
    time.sleep(600)
"""


@pytest.fixture
def driver(settings_of):
    """What a kept server stays with: something that listens where the driver would."""
    settings = settings_of(preload=[])
    discovery.make_state_directory(settings)
    folder = discovery.private_folder()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(discovery.socket_in(folder)))
    listener.listen()
    address = discovery.DriverAddress(os.getpid(), str(discovery.socket_in(folder)), time.time())
    discovery.publish(settings, address)
    with listener:
        yield settings, listener
    discovery.socket_in(folder).unlink()
    folder.rmdir()


@pytest.fixture
def kept(driver):
    """A kept server, and what ends it: its driver's end."""
    settings, listener = driver
    kept_forks.keep(settings)
    watch, _ = listener.accept()
    assert watch.recv(100) == b'{"want": "watch"}\n'
    pid = pid_of(settings)
    yield settings, watch
    watch.close()
    kept_forks.await_end(settings)
    until(lambda: not running(pid))


def pid_of(settings):
    return json.loads((settings.state_directory / "kernels.json").read_text())["pid"]


def test_runs_share_what_it_imported(kept, runner_of):
    """Each owner gets a fork of it that ends with the owner; it stays, and is not started twice."""
    settings, _ = kept
    pid = pid_of(settings)
    for _ in range(2):
        with spares_ahead(settings) as pool, Kernels(settings, pool) as kernels:
            forks = pool._server
            ran = runner_of(kernels)("import os; print(os.getpid(), os.getppid())")
            assert forks.up.wait(30)
            kernel, parent = map(int, ran.text.split())
            assert parent == forks.pid
            assert psutil.Process(forks.pid).ppid() == pid
        until(lambda: not any(running(each) for each in (kernel, forks.pid)))  # noqa: B023
        assert not forks.directory.exists()
    kept_forks.keep(settings)
    assert pid_of(settings) == pid


def test_a_killed_owner_leaves_nothing(kept):
    """After kill -9 of an owner neither its fork nor its kernels remain; the kept one does."""
    settings, _ = kept
    with subprocess.Popen(
        [sys.executable, "-c", OWNER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=settings.root,
    ) as owner:
        owner.stdin.write(settings.model_dump_json().encode() + b"\n")
        owner.stdin.flush()
        pids = [int(pid) for pid in owner.stdout.readline().split()]
        parent = psutil.Process(pids[0]).ppid()
        owner.send_signal(signal.SIGKILL)
    assert parent == pid_of(settings)
    until(lambda: not any(running(pid) for pid in pids))
    assert running(pid_of(settings))


def test_other_imports_need_another(kept, settings_of):
    """One that imported something else is not used; kept anew, it takes the place."""
    settings, _ = kept
    other = settings_of(preload=["colorsys"])
    assert kept_forks.connect(other) is None
    with fork_ahead(other) as forks:
        assert psutil.Process(forks.pid).ppid() == os.getpid()
    assert running(pid_of(settings))


def test_it_ends_with_the_driver(kept):
    """Nothing is left of it, and the next run imports for itself."""
    settings, watch = kept
    file = settings.state_directory / "kernels.json"
    folder = Path(json.loads(file.read_text())["socket"]).parent
    watch.close()
    kept_forks.await_end(settings)
    until(lambda: not file.exists() and not folder.exists())
    assert kept_forks.connect(settings) is None
