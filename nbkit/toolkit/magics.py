"""`%sql`, `%%sql`, `%md`, `%%md`, `%sh`: cells in the languages of a Databricks notebook."""

from __future__ import annotations

import re
import typing

from nbkit.toolkit import inline
from nbkit.toolkit.cells import whole_cell
from nbkit.toolkit.dbutils import dbutils
from nbkit.toolkit.display import display
from nbkit.toolkit.session import sql
from nbkit.toolkit.statements import statements

if typing.TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from pyspark.sql import DataFrame


_MARKER = re.compile(r":([A-Za-z_]\w*)")


def register(shell: InteractiveShell) -> None:
    """Give `shell` the magics."""

    def run_sql(line: str, cell: str = "") -> None:
        """Run SQL, show the last result and keep it as `_sqldf`; `:name` reads a widget."""
        frame = run_statements(f"{line}\n{cell}")
        shell.push({"_sqldf": frame}, interactive=False)
        if frame is not None and frame.columns:
            display(frame)

    def show_markdown(line: str, cell: str = "") -> None:
        """Show Markdown."""
        from IPython.display import Markdown

        display(Markdown(f"{line}\n{cell}".strip()))

    def refuse(line: str, cell: str = "") -> None:
        """Say that there is no kernel for this language."""
        del line, cell
        raise NotImplementedError("nbkit runs cells in Python, SQL and shell; not in R or Scala")

    magics = {"sql": run_sql, "md": show_markdown, "r": refuse, "scala": refuse}
    for name, magic in magics.items():
        shell.register_magic_function(magic, "line_cell", name)
    inline.register(shell)
    # Before IPython's own, which look for cell magics, and after the one for empty lines.
    shell.input_transformers_cleanup.insert(1, whole_cell)


def run_statements(text: str) -> DataFrame | None:
    """Run the statements of a text in order and return the last result, if there is any."""
    frame = None
    for statement in statements(text):
        frame = sql(statement, args=_arguments(statement))
    return frame


def _arguments(statement: str) -> dict[str, str] | None:
    """Return the widgets that a statement's parameter markers name; None for none."""
    named = set(_MARKER.findall(statement))
    return {
        name: value for name, value in dbutils.widgets.getAll().items() if name in named
    } or None
