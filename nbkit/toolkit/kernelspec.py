"""Tell Jupyter about the kernel "Python (nbkit)", for `nbkit kernel install|remove`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from nbkit.errors import UsageError

NAME = "nbkit"


def specification() -> dict[str, object]:
    """Return the kernelspec of this Python environment, as `kernel.json` has it."""
    return {
        "argv": [sys.executable, "-P", "-m", "nbkit.toolkit.kernel", "-f", "{connection_file}"],
        "display_name": "Python (nbkit)",
        "language": "python",
        "metadata": {"debugger": True},
    }


def install_kernelspec(*, user: bool = False) -> Path:
    """Add the kernel to Jupyter: to this Python environment, or for this user everywhere."""
    from jupyter_client.kernelspec import KernelSpecManager

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "kernel.json").write_text(json.dumps(specification(), indent=2) + "\n")
        where = None if user else sys.prefix
        return Path(KernelSpecManager().install_kernel_spec(folder, NAME, user=user, prefix=where))


def remove_kernelspec() -> Path:
    """Take the kernel away from Jupyter, and return where it was.

    Raises:
        UsageError: Jupyter does not know the kernel.
    """
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        return Path(KernelSpecManager().remove_kernel_spec(NAME))
    except (NoSuchKernel, KeyError):
        raise UsageError(f"Jupyter has no kernel named {NAME}") from None
