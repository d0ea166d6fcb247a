"""Kernels kept ready ahead of their use, each used once."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import signal
import sys
import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import zmq
import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from nbkit.channel import private_folder
from nbkit.kernels import kept_forks
from nbkit.kernels.fork_client import (
    CAN_FORK,
    ForkServer,
    current_environment,
)
from nbkit.kernels.own_loop import run_in_own_loop
from nbkit.kernels.provisioner import ForkProvisioner, forked_spec
from nbkit.process_start import must_start

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from nbkit.settings import KernelSettings, Settings

_REFILL_AFTER_SECONDS = 0.3
"""A new spare costs 0.1 s of a core: let the notebook that took the last one start first."""

_LOG_LINES = 20


class _Manager(AsyncKernelManager):  # type: ignore[misc]
    """A kernel manager for a kernelspec that need not be installed."""

    def __init__(self, spec: KernelSpec, **traits: Any) -> None:
        super().__init__(**traits)
        self._kernel_spec = spec

    def _connect_control_socket(self) -> None:
        """Open none: it would belong to the event loop that starts the kernel, not uses it."""


class Kernel:
    """A started kernel.

    Attributes:
        manager: the manager, as nbclient wants it.
        log: file of what the kernel's process printed past Jupyter.
        messages: file of what it tells the runner.
        speaks_python: whether it understands Python code.
    """

    def __init__(self, manager: _Manager, log: Path) -> None:
        self.manager = manager
        self.log = log
        self.messages = log.with_suffix(".messages")
        self.speaks_python = manager.kernel_spec.language.lower() == "python"

    @property
    def interrupts_by_message(self) -> bool:
        """Whether its kernelspec wants a message instead of a signal."""
        return bool(self.manager.kernel_spec.interrupt_mode == "message")

    async def listening(self) -> None:
        """Wait until it listens, as far as that can be known without asking it."""
        if isinstance(self.manager.provisioner, ForkProvisioner):
            await self.manager.provisioner.listening()

    async def wait(self) -> int:
        """Wait until it has ended and return its exit status."""
        provisioner = self.manager.provisioner
        group = getattr(provisioner, "pgid", None)
        status = await provisioner.wait()
        if group:  # what the notebook started and left behind
            with contextlib.suppress(OSError):
                os.killpg(group, signal.SIGKILL)
        return int(status or 0)

    async def is_alive(self) -> bool:
        """Whether it has not ended."""
        return await self.manager.provisioner.poll() is None

    async def interrupt(self) -> None:
        """Send it what Ctrl-C would send."""
        await self.manager.provisioner.send_signal(signal.SIGINT)

    async def kill(self) -> None:
        """End it and all it started, now."""
        with contextlib.suppress(ProcessLookupError):
            await self.manager.provisioner.kill()

    async def clean_up(self) -> None:
        """Remove its sockets and connection file, once it has ended."""
        await self.manager.cleanup_resources()

    def last_words(self) -> str:
        """Return the end of what its process printed past Jupyter."""
        try:
            text = self.log.read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.strip().splitlines()[-_LOG_LINES:])


class Pool:
    """Starts kernels, some of them ahead of use; usable from any thread.

    Args:
        settings: how many spares, and what they import.
        fork: whether kernels of this Python are forked; by default where that is safe.
        server: a fork server that was started ahead, see `fork_ahead`; the pool ends it.

    Attributes:
        folder: private folder of the kernels, removed with them.
    """

    def __init__(
        self,
        settings: KernelSettings,
        *,
        fork: bool = CAN_FORK,
        server: ForkServer | None = None,
    ) -> None:
        self._settings = settings
        self._fork = fork
        self._environment = current_environment()
        self._spares: deque[Kernel] = deque()
        self._numbers = itertools.count(1)
        self._server = server
        self._changed = threading.Condition()
        self._closed = False
        self._refiller: threading.Thread | None = None
        self.folder = server.directory if server else private_folder()
        self._context = zmq.asyncio.Context()
        self._context.setsockopt(zmq.RCVHWM, 0)  # or a burst of outputs would lose some

    def warm_up(self) -> None:
        """Begin to make the spares, in the background."""
        with self._changed:
            if self._refiller is None and self._settings.spare and not self._closed:
                self._refiller = threading.Thread(
                    target=self._refill, name="nbkit-spares", daemon=True
                )
                self._refiller.start()

    async def take(self, spec: KernelSpec | None, cwd: str, env: Mapping[str, str]) -> Kernel:
        """Return a kernel that nobody used; it may still be starting.

        Args:
            spec: the kernelspec; None for a kernel of this Python, which may be a spare. A spare
                has neither the folder nor the environment: the first code it gets sets them. Where
                that would be too late, the kernel is started.
            cwd: folder that another kernel starts in.
            env: environment variables that another kernel gets.
        """
        if spec is not None:
            return await self._start(spec, cwd=cwd, env=env)
        if must_start({**current_environment(), **env}, self._environment):
            return await self._start(_own_spec(), env=env)
        while True:
            with self._changed:
                kernel = self._spares.popleft() if self._spares else None
                self._changed.notify_all()
            if kernel is None:
                return await self._start_this_python()
            if await kernel.is_alive():
                return kernel
            await kernel.clean_up()

    def close(self) -> None:
        """End every spare and the fork server."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        if self._refiller is not None:
            self._refiller.join()
        if self._server is not None and not self._server.up.is_set():
            self._server.close()  # spares that it has not begun yet need not be waited for
        run_in_own_loop(self._drop_spares())
        if self._server is not None:
            self._server.close()
        self._context.destroy(linger=0)
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _drop_spares(self) -> None:
        for kernel in self._spares:
            await kernel.kill()
            await kernel.wait()
            await kernel.clean_up()
        self._spares.clear()

    def _refill(self) -> None:
        delay = 0.0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._lacks_spares())
                self._changed.wait_for(lambda: self._closed, timeout=delay)
                if self._closed:
                    return
            kernel = asyncio.run(self._start_this_python())
            with self._changed:
                self._spares.append(kernel)
                delay = 0.0 if self._lacks_spares() else _REFILL_AFTER_SECONDS

    def _lacks_spares(self) -> bool:
        return len(self._spares) < self._settings.spare

    async def _start_this_python(self) -> Kernel:
        if self._fork:
            return await self._start(forked_spec(), fork=True)
        return await self._start(_own_spec())

    async def _start(
        self,
        spec: KernelSpec,
        *,
        fork: bool = False,
        cwd: str = os.sep,
        env: Mapping[str, str] | None = None,
    ) -> Kernel:
        name = f"k{next(self._numbers)}"
        log = self.folder / f"{name}.log"
        # Not every kernel of another language knows ipc sockets.
        by_file = os.name == "posix" and spec.language.lower() == "python"
        where = {"transport": "ipc", "ip": str(self.folder / name)} if by_file else {}
        manager = _Manager(
            spec,
            context=self._context,
            connection_file=str(self.folder / f"{name}.json"),
            **where,
        )
        arguments: dict[str, Any] = {"env": {**current_environment(), **(env or {})}}
        if fork:
            await manager.start_kernel(**arguments, server=self._live_server(), log=str(log))
        else:
            with log.open("ab") as output:
                await manager.start_kernel(**arguments, cwd=cwd, stdout=output, stderr=output)
        return Kernel(manager, log)

    def _live_server(self) -> ForkServer:
        with self._changed:
            if self._server is None or not self._server.is_alive:
                self._server = ForkServer.begin(self.folder, self._settings.preload)
            return self._server


@contextmanager
def fork_ahead(settings: Settings) -> Iterator[ForkServer | None]:
    """Let a fork server import what kernels need while this process still reads the job.

    One that is kept beside a kept Spark driver has done so already (`nbkit.kernels.kept_forks`).
    Yields None where kernels are not forked.
    """
    if not CAN_FORK:
        yield None
        return
    directory = private_folder()
    control = kept_forks.connect(settings)
    if control is not None:
        control.send({"directory": str(directory)})
        server = ForkServer(directory, control)
    else:
        server = ForkServer.begin(directory, settings.kernels.preload)
    try:
        yield server
    finally:
        server.close()
        shutil.rmtree(server.directory, ignore_errors=True)


@contextmanager
def spares_ahead(settings: Settings) -> Iterator[Pool]:
    """Make the first kernels while this process still imports what runs a job, and reads it."""
    with fork_ahead(settings) as server:
        pool = Pool(settings.kernels, server=server)
        try:
            if server is not None:
                pool.warm_up()
            yield pool
        finally:
            pool.close()


def _own_spec() -> KernelSpec:
    return KernelSpec(
        argv=[sys.executable, "-P", "-m", "nbkit.kernels.own_kernel", "{connection_file}"],
        display_name="Python (nbkit)",
        language="python",
    )
