"""The process in which notebooks run that a person's notebook calls; see `nbkit.app.calls`.

Started by the kernel as `python -m nbkit.app.workflow PROJECT`. It prints where to connect, and
ends with its standard input, or with the kernel.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from nbkit.app.calls import serving
from nbkit.app.running import run
from nbkit.kernels.pool import spares_ahead
from nbkit.kernels.run_notebook import Kernels
from nbkit.settings import Settings

_LOOK_EVERY_SECONDS = 1.0


def main() -> None:
    """Run notebooks until nobody can call for one."""
    over = _over(os.getppid())
    settings = Settings.of(Path(sys.argv[1]))
    spare = settings.kernels.model_copy(update={"spare": min(1, settings.kernels.spare)})
    settings = settings.model_copy(update={"kernels": spare})
    with (
        spares_ahead(settings) as pool,
        Kernels(settings, pool) as kernels,
        serving(kernels, settings, run) as address,
    ):
        print(address, flush=True)
        over.wait()


def _over(kernel: int) -> threading.Event:
    """Return what is set when the kernel has ended."""
    over = threading.Event()

    def read() -> None:
        sys.stdin.read()
        over.set()

    def watch() -> None:  # a child of the kernel may hold the pipe open
        while os.getppid() == kernel:
            time.sleep(_LOOK_EVERY_SECONDS)
        over.set()

    for look in (read, watch):
        threading.Thread(target=look, daemon=True).start()
    return over


if __name__ == "__main__":
    main()
