"""Which kernel a notebook asks for: this Python, another installed one, or one nobody has."""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel

from nbkit.errors import Failure
from nbkit.kernels.outcome import NotebookFailed, failure_of
from nbkit.kernels.source_notebooks import read_source_notebook
from nbkit.near import hint
from nbkit.notebook_file import read_notebook_file
from nbkit.source_notebook import LANGUAGES

if TYPE_CHECKING:
    from nbformat import NotebookNode

OWN_NAMES = ("", "nbkit", "python3")
"""Names that mean this Python, unless a kernelspec of the name says otherwise."""


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook of any format version, or a Databricks source notebook, as version 4.

    Raises:
        NotebookFailed: there is no such file, or it is not a notebook.
    """
    try:
        if path.suffix.lower() in LANGUAGES:
            return read_source_notebook(path)
        return read_notebook_file(path)
    except FileNotFoundError:
        reason = "there is no such file"
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except ValueError as error:
        reason = str(error).split("\n", 1)[0]
    raise NotebookFailed(
        Failure("notebook_unreadable", f"{path} cannot be read as a notebook: {reason}")
    )


def kernel_name(notebook: NotebookNode) -> str:
    """Return the name of the kernelspec that a notebook asks for, empty if it does not care."""
    name = notebook.metadata.get("kernelspec", {}).get("name")
    return name if isinstance(name, str) else ""


def language(notebook: NotebookNode) -> str:
    """Return the language of a notebook's cells, in lower case."""
    metadata = notebook.metadata
    found = metadata.get("language_info", {}).get("name")
    return str(found or metadata.get("kernelspec", {}).get("language") or "python").lower()


def find_kernelspec_problem(notebook: Path) -> str | None:
    """Return why the kernel that a notebook asks for cannot be started, None if it can."""
    try:
        find_kernelspec(kernel_name(read_notebook(notebook)))
    except NotebookFailed as error:
        return error.failure.message
    return None


@cache
def find_kernelspec(name: str) -> KernelSpec | None:
    """Return the kernelspec of a name; None stands for this Python, without a kernelspec.

    Raises:
        NotebookFailed: no kernelspec of that name is installed.
    """
    if name == "nbkit":
        return None
    manager = KernelSpecManager()
    try:
        spec = manager.get_kernel_spec(name) if name else None
    except NoSuchKernel:
        if name in OWN_NAMES:
            return None
        raise NotebookFailed(_unknown(name, manager)) from None
    except Exception as error:
        raise NotebookFailed(failure_of(error, "kernel_not_started")) from error
    return None if spec is None or _is_this_python(spec) else spec


def _unknown(name: str, manager: KernelSpecManager) -> Failure:
    installed = sorted({*manager.find_kernel_specs(), "python3"})
    advice = hint(name, installed)
    return Failure("kernel_not_started", f"No kernel named {name!r} is installed{advice}")


def _is_this_python(spec: Any) -> bool:
    if "ipykernel_launcher" not in spec.argv or spec.env or "kernel_provisioner" in spec.metadata:
        return False
    program = spec.argv[0]
    if re.fullmatch(r"python(3(\.\d+)?)?", program):
        return True  # jupyter_client takes these names for the Python it runs in
    ours = Path(sys.executable)
    same_folder = Path(os.path.abspath(program)).parent == ours.parent  # noqa: PTH100 - keep links
    return same_folder and Path(program).resolve() == ours.resolve()
