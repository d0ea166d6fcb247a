"""The kernel "Python (nbkit)": `python -m nbkit.toolkit.kernel -f CONNECTION_FILE`."""

from __future__ import annotations

from ipykernel.kernelapp import IPKernelApp

if __name__ == "__main__":
    IPKernelApp.launch_instance(extra_extensions=["nbkit"])
