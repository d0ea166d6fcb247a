"""`%sql`, `%md`, `%sh`, `%fs`, `%pip`, `%run`: the magics of a Databricks notebook."""

from __future__ import annotations

import inspect
import re
import shlex
import subprocess
import typing

from nbkit import serving as attempt
from nbkit.dialect.splitter import statements
from nbkit.toolkit import inline, library, persons_language, widget_sql
from nbkit.toolkit.cells import SHELL, whole_cell
from nbkit.toolkit.commands import run_command
from nbkit.toolkit.dbutils import dbutils
from nbkit.toolkit.display import display
from nbkit.toolkit.session import sql

if typing.TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell
    from pyspark.sql import DataFrame


class UnsupportedCellError(Exception):
    """A job has a cell in a language that nbkit does not run."""


_NO_PROGRAM = 127
_TRUTH = {"true": True, "false": False}
_FLAG = r"-[A-Za-z]|--[a-z]+"
_RECURSE = {"-r", "-R", "--recurse"}


def register(shell: InteractiveShell) -> None:
    """Give `shell` the magics."""

    def run_sql(line: str, cell: str = "") -> None:
        """Run SQL, show the last result and keep it as `_sqldf`; `:name` reads a widget."""
        frame = run_statements(f"{line}\n{cell}")
        shell.push({"_sqldf": frame}, interactive=False)
        if frame is not None and frame.columns:
            display(frame)

    cells: dict[str, Callable[..., None]] = {
        "sql": run_sql,
        "md": show_markdown,
        "fs": run_fs,
        SHELL: run_bash,
        "r": _skip("R"),
        "scala": _skip("Scala"),
    }
    for name, magic in cells.items():
        shell.register_magic_function(magic, "line_cell", name)
    shell.register_magic_function(library.pip, "line", "pip")
    shell.register_magic_function(_restart_python, "line", "restart_python")
    inline.register(shell)
    # Before IPython's own, which look for cell magics, and after the one for empty lines.
    shell.input_transformers_cleanup[1:1] = [persons_language.follow(shell), whole_cell]


def run_statements(text: str) -> DataFrame | None:
    """Run SQL statements with the widgets that they name; return the last one's result."""
    frame = None
    for statement in statements(text):
        frame = widget_sql.run(statement, dbutils.widgets, sql)
    return frame


def show_markdown(line: str, cell: str = "") -> None:
    """Show Markdown."""
    from IPython.display import Markdown

    display(Markdown(f"{line}\n{cell}".strip()))


def run_fs(line: str, cell: str = "") -> None:
    """Call `dbutils.fs`: `%fs ls /path` is `dbutils.fs.ls("/path")`, and shows the answer.

    `%fs ls` alone lists the root, and `-r` is `recurse`: `%fs rm -r /path`.

    Raises:
        ValueError: a command has too few words or too many, or a flag that it does not know.
    """
    for command in filter(None, map(str.strip, f"{line}\n{cell}".splitlines())):
        name, *words = shlex.split(command)
        call = getattr(dbutils.fs, name)
        if name == "ls" and not words:
            words = ["/"]
        wanted = inspect.signature(call)
        flags = [word for word in words if re.fullmatch(_FLAG, word) and name != "put"]
        given = [_TRUTH.get(word.lower(), word) for word in words if word not in flags]
        named = {"recurse" if each in _RECURSE else each: True for each in flags}
        try:
            wanted.bind(*given, **named)
        except TypeError as error:
            takes = ", ".join(wanted.parameters)
            said = f"`%fs {name}` takes {takes or 'nothing'}: {error}"
            raise ValueError(said) from None
        answer = call(*given, **named)
        if isinstance(answer, list):
            import pandas as pd

            fields = getattr(type(answer[0]), "_fields", None) if answer else None
            display(pd.DataFrame(answer, columns=fields))
        elif answer is not None:
            print(answer)


def run_bash(line: str, cell: str = "") -> None:
    """Run commands of the shell; that one fails is the cell's failure only after `%sh -e`."""
    program = ["bash", *line.split()]
    try:
        status = run_command([*program, "-c", cell])
    except FileNotFoundError:
        print("nbkit: there is no bash here, which %sh needs")
        status = _NO_PROGRAM
    if status and line:
        raise subprocess.CalledProcessError(status, " ".join(program))


def _skip(language: str) -> Callable[..., None]:
    def skip(line: str, cell: str = "") -> None:
        """Say that there is no kernel for this language; in a job, which nobody watches, fail."""
        del line, cell
        context = attempt.current()
        if context is not None and not context.get("skip_unsupported", False):
            raise UnsupportedCellError(
                f"This cell is {language}; nbkit runs cells in Python, SQL and shell. Write it in "
                "one of these, or leave such cells out with --skip-unsupported."
            )
        print(f"nbkit: skipped this {language} cell; cells here are Python, SQL and shell")

    return skip


def _restart_python(_: str) -> None:
    """Say what `dbutils.library.restartPython()` says."""
    dbutils.library.restartPython()
