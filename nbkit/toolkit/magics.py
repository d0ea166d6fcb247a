"""`%sql`, `%%sql` and `%md`, `%%md`: cells in the other languages of a Databricks notebook."""

from __future__ import annotations

import typing

from nbkit.toolkit.display import display
from nbkit.toolkit.session import sql

if typing.TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def register(shell: InteractiveShell) -> None:
    """Give `shell` the magics."""

    def run_sql(line: str, cell: str = "") -> None:
        """Run SQL, show its result and keep it as `_sqldf`."""
        frame = sql(f"{line}\n{cell}".strip().rstrip(";"))
        shell.push({"_sqldf": frame}, interactive=False)
        if frame.columns:
            display(frame)

    def show_markdown(line: str, cell: str = "") -> None:
        """Show Markdown."""
        from IPython.display import Markdown

        display(Markdown(f"{line}\n{cell}".strip()))

    for name, magic in (("sql", run_sql), ("md", show_markdown)):
        shell.register_magic_function(magic, "line_cell", name)
