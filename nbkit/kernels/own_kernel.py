"""A kernel of this Python: what a fork becomes, and what starts where forking is not safe.

`python -m nbkit.kernels.own_kernel CONNECTION_FILE` is the latter. It differs from ipykernel's
own program in how it ends: without history, and without waiting for anything.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from typing import Any

_UNWATCHED = 1
"""ipykernel takes this for the init process, which never ends."""


def make_kernel(connection_file: str, *, owner: int) -> Any:
    """Return an IPython kernel that listens, ready to be started.

    Args:
        connection_file: where it is to listen.
        owner: id of the parent process to end with; 0 if something else sees to that.
    """
    from ipykernel.ipkernel import IPythonKernel
    from ipykernel.kernelapp import IPKernelApp
    from traitlets.config import Config
    from zmq import SNDHWM

    class Kernel(IPythonKernel):  # type: ignore[misc]
        async def _progressively_terminate_all_children(self) -> None:
            """Leave them to the owner: this would wait 14 s for a child that is a zombie."""

    class App(IPKernelApp):  # type: ignore[misc]
        def init_iopub(self, context: Any) -> None:
            """Queue outputs without a limit: past 1,000 unread ones, some would be dropped."""
            context.setsockopt(SNDHWM, 0)
            super().init_iopub(context)

    sys.argv = ["ipykernel_launcher.py", "-f", connection_file]
    app = App.instance(
        config=Config({"HistoryManager": {"enabled": False}}),
        connection_file=connection_file,
        kernel_class=Kernel,
        parent_handle=owner or _UNWATCHED,
    )
    # ipykernel takes it for its own tests, and would leave out what child processes print.
    tested = os.environ.pop("PYTEST_CURRENT_TEST", None)
    app.initialize([])
    if tested is not None:
        os.environ["PYTEST_CURRENT_TEST"] = tested
    return app


def finish(app: Any) -> None:
    """End as an interpreter would, without its slow clean-up: exit handlers, then open files."""
    # Its threads end with the process; joining them can wait 10 s for one that is waiting itself.
    atexit.unregister(app.close)
    atexit._run_exitfuncs()  # noqa: SLF001
    app.shell.user_ns.clear()
    gc.collect()


def main() -> None:
    """Be a kernel until told to end."""
    app = make_kernel(sys.argv[1], owner=int(os.environ.pop("JPY_PARENT_PID", 0)))
    app.start()
    finish(app)
    os._exit(0)


if __name__ == "__main__":
    main()
