"""Kernels and their processes: none outlives its owner, and none is waited for in vain."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest
from processes import running, until

from nbkit.kernels.fork_client import ForkServer
from nbkit.kernels.pool import Pool
from nbkit.kernels.run_notebook import Kernels

pytestmark = pytest.mark.e2e

OWNER = """
import sys, time, pathlib
from nbkit.kernels.pool import Pool
from nbkit.settings import KernelSettings
pool = Pool(KernelSettings(spare=2, preload=[]))
pool.warm_up()
while len(pool._spares) < 2: time.sleep(0.05)
pids = [kernel.manager.provisioner.kernel.pid.result() for kernel in pool._spares]
print(pool._server.pid, *pids, pool.folder, flush=True)
time.sleep(600)
"""


def test_killed_owner():
    """After kill -9 of the owner neither fork server, kernels nor sockets remain."""
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True) as it:
        *pids, folder = it.stdout.readline().split()
        assert all(running(pid) for pid in pids)
        it.send_signal(signal.SIGKILL)
    until(lambda: not any(running(pid) for pid in pids))
    until(lambda: not Path(folder).exists())


def test_killed_fork_server(settings_of, runner_of):
    """After kill -9 of the fork server its kernels die with it, and the next get another one."""
    with Kernels(settings_of(preload=[])) as kernels:
        run = runner_of(kernels)

        def kill_server():
            os.kill(kernels._pool._server.pid, signal.SIGKILL)

        run("1")
        timer = Timer(1, kill_server)
        timer.start()
        ran = run("import os; print(os.getpid(), flush=True)", "import time; time.sleep(60)")
        timer.join()
        assert ran.outcome.failure.cause == "kernel_died"
        until(lambda: not running(ran.text.split()[0]))
        assert run("print('again')").text == "again\n"


def test_close_leaves_nothing(settings_of, runner_of):
    """Closing ends the fork server and every spare, and removes the private folder."""
    with Kernels(settings_of(spare=2, preload=[])) as kernels:
        pool: Pool = kernels._pool
        runner_of(kernels)("1")
        until(lambda: len(pool._spares) == 2)
        pids = [spare.manager.provisioner.kernel.pid.result(30) for spare in pool._spares]
        pids.append(pool._server.pid)
    assert not any(running(pid) for pid in pids)
    assert not pool.folder.exists()


def test_preload(tmp_path):
    """Modules are imported ahead; one that is missing is noted, and left to the notebook."""
    server = ForkServer.begin(tmp_path, ["colorsys", "no_such_module"])
    assert server.up.wait(60)
    log = (tmp_path / "fork-server.log").read_text()
    server.close()
    assert "no_such_module is not preloaded" in log
    assert "colorsys" not in log


def test_ordinary_kernels(settings_of, runner_of, monkeypatch):
    """Where forking is not safe, kernels of this Python start the ordinary way."""
    kernels = Kernels(settings_of())
    kernels._pool.close()
    kernels._pool = Pool(settings_of().kernels, fork=False)
    with kernels:
        run = runner_of(kernels)
        assert run("import os; print(os.environ['NBKIT_TEST_VARIABLE'])").text == "är\n"
        failure = run("import os; os._exit(3)").outcome.failure
        assert (failure.cause, "exit status 3" in failure.message) == ("kernel_died", True)
        assert run("import time; time.sleep(60)", timeout=1).outcome.result == "TIMEDOUT"
    assert not kernels._pool.folder.exists()


def test_installed_kernel(run, tmp_path, monkeypatch):
    """A notebook whose kernelspec is another program gets a kernel of that program."""
    folder = tmp_path / "jupyter" / "kernels" / "other"
    folder.mkdir(parents=True)
    argv = f'["{sys.executable}", "-m", "ipykernel_launcher", "-f", "{{connection_file}}"]'
    (folder / "kernel.json").write_text(
        f'{{"argv": {argv}, "display_name": "Other", "language": "python", "env": {{"O": "1"}}}}'
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    assert run("import os; print(os.environ['O'])", kernel="other").text == "1\n"
