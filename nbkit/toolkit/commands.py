"""Commands of a notebook: with nothing to read, no terminal, and nobody who is waited for."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import typing
from codecs import getincrementaldecoder
from pathlib import Path

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CHUNK = 1 << 16
_PATIENCE_SECONDS = 0.1
"""How long to wait for the last words of a command that has ended."""
_SCREEN = re.compile(r"\x1b\[\?(?:1049|1047|47)h")
"""How a program takes the whole screen of a terminal for itself, as editors do."""
_LONGEST_SIGN = 8
_TERMINAL = "xterm"
"""One on which such a program shows what it is; for others it changes nothing."""


def shell_command(command: str) -> list[str]:
    """Return the program and arguments that run a line of shell."""
    return [os.environ.get("SHELL") or "sh", "-c", command]


def run_command(arguments: Sequence[str], write: Callable[[str], object] | None = None) -> int:
    """Run a program, and print what it prints.

    It is over with the program: a process that it leaves in the background is not waited for. One
    that takes the screen, such as `vi`, waits for a person: it is ended, with a line that says so.
    Programs of this kernel's Python are found, as on Databricks: `python`, `pytest`, `nbkit`.

    Args:
        arguments: the program, and what it is told.
        write: what gets the output instead of the notebook.

    Returns:
        Its exit status, or minus the number of the signal that ended it.
    """
    kind = os.environ.get("TERM", "")
    process = subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={
            "PYTHONUNBUFFERED": "1",  # else what it prints comes out of order
            **os.environ,
            "PATH": _path(),
            "TERM": _TERMINAL if kind in {"", "dumb", "unknown"} else kind,
        },
    )
    assert process.stdout is not None
    try:
        with process.stdout:
            _follow(process, process.stdout.fileno(), write or _show)
    except KeyboardInterrupt:
        _end(process)
        raise
    finally:
        status = process.wait()
    return status


def _path() -> str:
    """Return where programs are looked for: also among those of this kernel's Python."""
    own, known = str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)
    return known if own in known.split(os.pathsep) else os.pathsep.join([own, known])


def _show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _follow(process: subprocess.Popen[bytes], output: int, write: Callable[[str], object]) -> None:
    decoder = getincrementaldecoder("utf-8")("backslashreplace")
    over, last = False, ""
    while True:
        if select.select([output], [], [], _PATIENCE_SECONDS)[0]:
            chunk = os.read(output, _CHUNK)
            text = decoder.decode(chunk, final=not chunk).replace("\r\n", "\n")
            if taken := _SCREEN.search(last + text):
                write(text[: max(0, taken.start() - len(last))])
                write("nbkit: ended a program that shows a screen to a person: nobody is there\n")
                _end(process)
                return
            last = text[-_LONGEST_SIGN:]
            write(text)
            if not chunk:
                return
        elif over:
            return
        over = process.poll() is not None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it has started."""
    import psutil

    try:
        whole = psutil.Process(process.pid)
        family = [whole, *whole.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for each in family:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            continue
