"""`dbutils.notebook`: run another notebook; end this one early, with a value for who runs it."""

from __future__ import annotations

from typing import NoReturn

from nbkit.toolkit.context import EntryPoint, NotebookContext
from nbkit.toolkit.notebook_run import run
from nbkit.toolkit.say import say
from nbkit.toolkit.utility import Utility


class NotebookExit(BaseException):
    """Ends the notebook as a success.

    Not an `Exception`, so that a notebook's own `except Exception` does not swallow it.
    """

    def _render_traceback_(self) -> list[str]:
        """Show one quiet line instead of a traceback (IPython asks for it)."""
        return [f"Notebook exited: {self}"]


def exit(value: object = "") -> NoReturn:  # noqa: A001 - Databricks' name
    """End the notebook here, as a success, with a value for the job to read."""
    text = str(value)
    say({"kind": "exit", "value": text})
    raise NotebookExit(text)


class NotebookUtility(Utility):
    """Run other notebooks and end this one, as `dbutils.notebook`."""

    _name = "dbutils.notebook"

    exit = staticmethod(exit)
    run = staticmethod(run)
    entry_point = EntryPoint()

    def getContext(self) -> NotebookContext:  # noqa: N802 - Databricks' name
        """Return who runs this notebook: its path, job, run and user."""
        return NotebookContext()
