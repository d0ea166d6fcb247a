"""Lets jupyter_client start kernels through a fork server (entry point `nbkit-fork`)."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.provisioning import KernelProvisionerBase

if TYPE_CHECKING:
    from nbkit.kernels.fork_client import ForkedKernel, ForkServer

_NAME = "nbkit-fork"


def forked_spec() -> KernelSpec:
    """Return a kernelspec of this Python whose kernels are forked."""
    return KernelSpec(
        argv=[],
        display_name="Python (nbkit)",
        language="python",
        metadata={"kernel_provisioner": {"provisioner_name": _NAME}},
    )


class ForkProvisioner(KernelProvisionerBase):  # type: ignore[misc]
    """Starts one kernel through the fork server that `launch_kernel` is given.

    Its methods await nothing that belongs to one event loop: a kernel may be started in one
    loop, ahead of its use, and watched in another.
    """

    kernel: ForkedKernel | None = None

    @property
    def has_process(self) -> bool:
        """Whether a kernel was started and not yet cleaned up."""
        return self.kernel is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose the sockets and write the connection file."""
        self.parent.write_connection_file()
        self.connection_info = self.parent.get_connection_info()
        arguments: dict[str, Any] = await super().pre_launch(cmd=[], **kwargs)
        return arguments

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Ask for a kernel; `listening` tells when it is there."""
        del cmd
        server: ForkServer = kwargs["server"]
        self.kernel = server.start(
            self.parent.connection_file, log=kwargs["log"], env=kwargs["env"], cwd=os.sep
        )
        connection: dict[str, Any] = self.connection_info
        return connection

    async def listening(self) -> None:
        """Wait until the kernel listens; ConnectionError if it ended before."""
        if self.kernel is not None:
            ready = asyncio.wrap_future(self.kernel.ready)
            ready.add_done_callback(_heard)
            await asyncio.shield(ready)

    async def poll(self) -> int | None:
        """Return None while the kernel lives, then its exit status."""
        if self.kernel is None:
            return 0
        return self.kernel.exited.result() if self.kernel.exited.done() else None

    async def wait(self) -> int | None:
        """Wait until the kernel has ended and return its exit status."""
        if self.kernel is None:
            return 0
        # Shielded: who stops waiting must not cancel the notice for everybody else.
        return await asyncio.shield(asyncio.wrap_future(self.kernel.exited))

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel and all it started."""
        if self.kernel is not None:
            self.kernel.send_signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel and all it started."""
        del restart
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """Ask the kernel and all it started to end."""
        del restart
        await self.send_signal(signal.SIGTERM)

    async def cleanup(self, restart: bool = False) -> None:
        """Do nothing: the fork server has already cleaned up what ended."""


def _heard(ready: asyncio.Future[None]) -> None:
    """Take note of a failure that nobody waits for any more, or asyncio would print it."""
    if not ready.cancelled():
        ready.exception()
