"""The process that imports everything once, then forks one ready kernel per request.

Started by `nbkit.kernels.fork_client` as `python -m nbkit.kernels.fork_server FD DIRECTORY
MODULE…`. Over the socket FD it speaks lines of JSON:

    owner → server   {"start": id, "connection_file": …, "log": …, "env": {…}, "cwd": …}
                     {"signal": id, "number": 2}            to the kernel's process group
    server → owner   {"up": true, "pid": …}                  once everything is imported
                     {"started": id, "pid": …} {"ready": id} {"exited": id, "status": -9}

End of file on the socket means that the owner is gone: every kernel is killed, the owner's
private directory is removed, and the server ends. If the server itself is killed, the
operating system kills its kernels. One thread only: forking with more of them is not safe.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import selectors
import shutil
import signal
import socket
import sys
import warnings
from pathlib import Path
from typing import Any, NoReturn

from nbkit.channel import Channel
from nbkit.kernels.own_kernel import finish, make_kernel
from nbkit.process_start import follow_environment

ALWAYS = (
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "jupyter_client.ioloop",
    "matplotlib.backends.backend_agg",
    "nbkit.toolkit.startup",
)
"""What every kernel needs, imported by name: the runner's side must not depend on it."""

WITH_SPARK = (
    "nbkit.pipelines.files.outside",
    "nbkit.settings",
    "nbkit.spark.attached",
    "nbkit.spark.conf",
    "nbkit.spark.lease",
    "pyspark.logger.worker_io",
    "pyspark.sql.classic.dataframe",
    "pyspark.sql.pandas.map_ops",
    "pyspark.testing.utils",
)
"""What a session imports late; a kernel needs it if PySpark is worth preloading."""

LATER = ("matplotlib.pyplot",)
"""What many kernels need, but not the first: imported when nobody has asked for a while."""

_IDLE_SECONDS = 0.5
_PR_SET_PDEATHSIG = 1


def preload(modules: list[str]) -> None:
    """Import what kernels need; a module that cannot be imported fails later, in its notebook."""
    if any(name.partition(".")[0] in {"pyspark", "delta"} for name in modules):
        modules = [*modules, *WITH_SPARK]
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # no advice about frozen modules
    # matplotlib decides on its import; the backend itself must meet the notebook's own shell.
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in modules:
            try:
                importlib.import_module(name)
            except Exception as error:  # noqa: BLE001 - any import may fail in any way
                print(f"nbkit: {name} is not preloaded: {error!r}", file=sys.stderr)
    gc.collect()
    gc.freeze()  # what is here stays: do not copy its pages in every kernel that collects


def write_to(log: str | Path) -> None:
    """Let everything that this process prints go to a log of this user only."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


class ForkServer:
    """Forks kernels, passes signals to them and reports how they end."""

    def __init__(self, control: Channel) -> None:
        self._control = control
        self._kernels: dict[int, str] = {}
        self._pids: dict[str, int] = {}
        self._libc = ctypes.CDLL(None)

    def serve(self) -> None:
        """Work until the owner is gone, then leave no kernel behind."""
        self._tell(up=True, pid=os.getpid())
        wake, woken = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(woken, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        with selectors.DefaultSelector() as selector:
            selector.register(wake, selectors.EVENT_READ)
            selector.register(self._control, selectors.EVENT_READ)
            self._inherited = (wake, woken, selector)
            later = list(LATER)
            for request in self._control.held():
                self._obey(request)
            while True:
                events = selector.select(_IDLE_SECONDS if later else None)
                if not events:
                    preload([later.pop(0)])
                    continue
                ready = {key.fileobj for key, _ in events}
                if wake in ready:
                    with contextlib.suppress(BlockingIOError):
                        os.read(wake, 4096)
                    self._reap()
                if self._control in ready:
                    requests = self._control.arrived()
                    if requests is None:
                        break
                    for request in requests:
                        self._obey(request)
        for pid in self._kernels:
            _kill_group(pid, signal.SIGKILL)

    def _tell(self, **message: Any) -> None:
        with contextlib.suppress(OSError):  # the owner is gone: its end of file comes next
            self._control.send(message)

    def _obey(self, request: dict[str, Any]) -> None:
        if "start" in request:
            self._start(request)
        elif (pid := self._pids.get(request["signal"])) is not None:
            _kill_group(pid, request["number"])

    def _start(self, request: dict[str, Any]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        with warnings.catch_warnings():
            # OpenBLAS keeps threads, and knows how to stop them around a fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                pid = os.fork()
            except OSError as error:  # no memory, too many processes: this kernel's bad luck
                print(f"nbkit: cannot fork: {error}", file=sys.stderr, flush=True)
                self._tell(exited=request["start"], status=1)
                return
        if pid == 0:
            self._run_kernel(request)
        self._kernels[pid] = request["start"]
        self._pids[request["start"]] = pid
        self._tell(started=request["start"], pid=pid)

    def _reap(self) -> None:
        """Report every kernel that ended, after ending what it left in its process group."""
        while self._kernels:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None:
                return
            # While the kernel is a zombie, no other process can have its group id.
            _kill_group(ended.si_pid, signal.SIGKILL)
            _, status = os.waitpid(ended.si_pid, 0)
            kernel = self._kernels.pop(ended.si_pid, None)
            if kernel is not None:
                del self._pids[kernel]
                self._tell(exited=kernel, status=os.waitstatus_to_exitcode(status))

    def _run_kernel(self, request: dict[str, Any]) -> NoReturn:
        """In the forked process: become the kernel, and never return."""
        status = 1
        try:
            self._leave_server(request)
            # The operating system watches over the parent, see `_leave_server`.
            app = make_kernel(request["connection_file"], owner=0)
            self._tell(ready=request["start"])
            self._control.forget()
            app.start()
            finish(app)
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:  # noqa: BLE001 - a forked server must not go on as a second server
            sys.excepthook(*sys.exc_info())
        finally:
            with contextlib.suppress(Exception):
                sys.__stderr__.flush()  # type: ignore[union-attr]
            os._exit(status)

    def _leave_server(self, request: dict[str, Any]) -> None:
        os.setsid()
        parent = os.getppid()
        self._libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        wake, woken, selector = self._inherited
        selector.close()
        os.close(wake)
        os.close(woken)
        write_to(request["log"])
        with contextlib.suppress(OSError):  # no memory: rather end this notebook than the driver
            Path("/proc/self/oom_score_adj").write_text("500")
        os.environ.clear()
        os.environ.update(request["env"])
        os.chdir(request["cwd"])
        _follow_environment()


def _follow_environment() -> None:
    """Do what Python and the preloaded modules would have done at their start."""
    follow_environment()
    if "numpy" in sys.modules:  # or all kernels would draw the same random numbers
        sys.modules["numpy"].random.seed()


def _kill_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:  # forked a moment ago, and not yet a group of its own
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    except PermissionError:  # nothing but a zombie is left in the group (macOS says so)
        pass


def main() -> None:
    """Preload, serve, and take the owner's private directory along at the end."""
    descriptor, directory, *modules = sys.argv[1:]
    control = socket.socket(fileno=int(descriptor))
    control.set_inheritable(False)
    preload([*ALWAYS, *modules])
    ForkServer(Channel(control)).serve()
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
