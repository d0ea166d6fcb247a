"""Standard streams as they come: closed, of any encoding, or read by somebody who has gone.

What nbkit prints never ends a command: a character that the terminal does not know is replaced
by one that looks alike, and what nobody can read any more goes nowhere.
"""

from __future__ import annotations

import codecs
import io
import json
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

from nbkit.cli import exit_status
from nbkit.on_disk import cause
from nbkit.readable import readable

_ALIKE = {
    "✓": "+",
    "✗": "x",
    "►": ">",
    "▶": ">",
    "→": "->",
    "←": "<-",
    "…": "...",
    "·": "-",
    "•": "*",
    "○": "o",
    "■": "#",
    "\N{EN DASH}": "-",
    "●": "*",
    "—": "-",
    "↻": "~",
    "⊘": "0",
    "│": "|",
    "├": "|",
    "└": "`",
    "─": "-",
    "━": "-",
    "“": '"',
    "”": '"',
    "«": "<<",
    "»": ">>",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{NO-BREAK SPACE}": " ",
    "\N{MINUS SIGN}": "-",
    "\N{MULTIPLICATION SIGN}": "x",
}
_HANDLER = "nbkit.alike"


def make_sound() -> None:
    """Make standard output and standard error fit for whatever is printed."""
    _occupy()
    codecs.register_error(_HANDLER, _alike)
    sys.stdin = sys.stdin or _nowhere("r")
    sys.stdout = _sound(sys.stdout)
    sys.stderr = _sound(sys.stderr)
    if sys.stderr is sys.__stderr__ and isinstance(sys.stderr, io.TextIOWrapper):
        encoding = sys.stderr.encoding
        sys.stderr = _Heedless(
            sys.stderr.detach(), encoding=encoding, errors=_HANDLER, line_buffering=True
        )


def print_document(document: Any) -> None:
    """Print one JSON document on standard output; whoever parses it gets every character."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        text = json.dumps(document, indent=2)
    print(text, file=sys.stdout)


def finished(status: int) -> int:
    """Return the exit status of a command that ended with `status`, once all of it is printed."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # `nbkit runs | head`
        _forget_output()
        return status or exit_status.FAILED
    except OSError as error:
        _forget_output()
        print(f"nbkit: {cause(error, 'standard output')}", file=sys.stderr)
        return status or exit_status.FAILED
    return status


class _Heedless(io.TextIOWrapper):
    """Standard error: a run goes on when whoever watched it has gone, or the disk is full."""

    def write(self, text: str, /) -> int:
        """Write, if that is possible."""
        with suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, if that is possible."""
        with suppress(OSError):
            super().flush()


def _forget_output() -> None:
    """Let the interpreter have somewhere to flush to when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def _nowhere(mode: str) -> TextIO:
    return open(os.devnull, mode, encoding="utf-8", errors="replace")  # type: ignore[return-value]  # noqa: PTH123


def _occupy() -> None:
    """Open the null device in place of closed streams, so that no file gets their numbers.

    Otherwise a program that prints to standard error would write into the ledger.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


def _sound(stream: TextIO | None) -> TextIO:
    if stream is None:
        return _nowhere("w")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=_HANDLER)
    return stream


def _alike(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(_ALIKE.get(each) or _escaped(each) for each in wrong), error.end


def _escaped(character: str) -> str:
    return readable(character).encode("ascii", "backslashreplace").decode()
