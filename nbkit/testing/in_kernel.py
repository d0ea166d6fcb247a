"""What a tested notebook finds in its kernel in the place of what a job would give it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from IPython.core.getipython import get_ipython

from nbkit.testing import answers
from nbkit.toolkit.calls import NotebookRunError
from nbkit.toolkit.dbutils import dbutils

if TYPE_CHECKING:
    from collections.abc import Mapping

CELL = "from nbkit.testing.in_kernel import prepare; prepare(); del prepare"
"""Runs before the notebook's first cell; the result shows nothing of it."""


def prepare() -> None:
    """Let other notebooks be answered by the test, and keep the person's secrets out."""
    for name in [name for name in os.environ if name.startswith("NBKIT_SECRET_")]:
        del os.environ[name]
    dbutils.notebook.__dict__["run"] = run
    shell = get_ipython()
    if shell is not None:
        shell.execution_count = 1  # this cell does not count


def run(path: str, timeout_seconds: int = 0, arguments: Mapping[str, str] | None = None) -> str:
    """Stand for `dbutils.notebook.run`: the test's `notebook_runs` say what it returns."""
    error, value = answers.ask(path, timeout_seconds, arguments or {})
    if error is not None:
        raise NotebookRunError(error)
    return value
