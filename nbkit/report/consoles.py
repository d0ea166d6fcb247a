"""Where people's answers are printed: standard output for what was asked, standard error else."""

from __future__ import annotations

import io
import sys

from rich.console import Console

_PIPE_WIDTH = 200
"""Columns where there is no terminal to ask: wide enough that nothing is cut."""


def output_console() -> Console:
    """Return a console on standard output; without a terminal it is plain and wide."""
    stream = sys.stdout or io.StringIO()  # a process without a terminal may have none
    tty = stream.isatty()
    return Console(
        file=stream,
        force_terminal=None if tty else False,
        force_jupyter=False,
        highlight=False,
        width=None if tty else _PIPE_WIDTH,
    )


def error_console() -> Console:
    """Return a console on standard error; without a terminal it never writes escape codes."""
    stream = sys.stderr or io.StringIO()
    tty = stream.isatty()
    return Console(
        file=stream,
        force_terminal=None if tty else False,
        force_jupyter=False,
        highlight=False,
        soft_wrap=not tty,
    )
