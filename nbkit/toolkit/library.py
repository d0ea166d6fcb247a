"""`%pip` and `dbutils.library`: packages of the Python that runs the notebook."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import typing

from nbkit.dialect import paths
from nbkit.toolkit.utility import Utility


class LibraryUtility(Utility):
    """Packages, as `dbutils.library`."""

    _name = "dbutils.library"

    def restartPython(self) -> None:  # noqa: N802 - Databricks' name
        """Do nothing, and say so: the notebook goes on with its variables."""
        print(
            "nbkit: Python is not restarted here; new packages can be imported now, and one that "
            "was imported before its upgrade stays as it is until the kernel restarts"
        )

    def installPyPI(self, package: str, *_: str, **__: str) -> typing.NoReturn:  # noqa: N802
        """Say what replaces it, on Databricks too."""
        raise NotImplementedError(
            f"dbutils.library.installPyPI is gone; use %pip install {package}"
        )


class PipError(Exception):
    """`%pip` did not do what it was to do; its own words are in the cell's output."""

    def _render_traceback_(self) -> list[str]:
        """Show one line instead of a traceback (IPython asks for it)."""
        return [f"PipError: {self}"]


_OURS = re.compile(r"(--[\w-]+=|)((?:dbfs:|/dbfs|/Volumes|/Workspace|/Repos)/.*)")


def _on_disk(word: str) -> str:
    """Return an argument of pip with a path of Databricks as the file that it is here."""
    found = _OURS.fullmatch(word)
    return f"{found[1]}{paths.of(found[2]).local or found[2]}" if found else word


def pip(line: str) -> None:
    """Run pip for this Python; the cell fails when pip does, as on Databricks.

    Raises:
        PipError: pip failed, or this Python has none.
    """
    import shlex
    from importlib.util import find_spec

    if find_spec("pip") is None:
        raise PipError(f"{sys.executable} has no pip; add it with `python -m ensurepip`")
    words = [_on_disk(word) for word in shlex.split(line)]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        for said in process.stdout:
            print(said, end="")
    importlib.invalidate_caches()
    if process.returncode:
        raise PipError(f"pip {line.strip()} ended with status {process.returncode}")
