"""Lets IPython show every error as an error, whatever it looks like, and answer for it.

IPython prints some errors as mere text (groups of exceptions, wrong magics, errors whose
traceback cannot be made), and gives no answer at all to a cell whose error has no text. In a job
either would hide that the cell failed.
"""

from __future__ import annotations

import sys
import traceback
import typing
from contextlib import suppress

from nbkit.readable import readable_throughout
from nbkit.toolkit.error_text import has_text, name_of, stand_in, text_of_error

if typing.TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import ExecutionResult


def show_all(shell: typing.Any) -> None:
    """Prepare a kernel's shell; doing it again changes nothing."""
    if not isinstance(shell.__dict__.get("showtraceback"), _ShowAll):
        shell.showtraceback = _ShowAll(shell)
        shell.events.register("post_run_cell", _answer)
        shell.events.register("post_run_cell", _Streams().mend)
        shell._format_exception_for_storage = _remembered  # noqa: SLF001 - it fails with the error


class _ShowAll:
    """Stands for a shell's `showtraceback`: nothing that it is given goes unshown."""

    def __init__(self, shell: typing.Any) -> None:
        self._shell = shell
        self._real: Callable[..., None] = shell.showtraceback
        self._send: Callable[..., None] = shell._showtraceback  # noqa: SLF001 - IPython's seam for this
        self._sent = 0
        shell._showtraceback = self._show  # noqa: SLF001

    def __call__(
        self,
        exc_tuple: typing.Any = None,
        *args: typing.Any,
        **named: typing.Any,
    ) -> None:
        """Show an error; the arguments are those of IPython's `showtraceback`."""
        before = self._sent
        try:
            kind, error, trace = self._shell._get_exc_info(exc_tuple)  # noqa: SLF001
        except ValueError:
            self._real(exc_tuple, *args, **named)
            return
        if isinstance(error, BaseExceptionGroup):  # IPython prints it to standard error
            self._show(kind, error, _lines(kind, error, trace))
            return
        with suppress(Exception):  # that of a person's class of exceptions, or of its text
            self._real(exc_tuple, *args, **named)
        if self._sent == before:
            self._show(kind, error, [f"{name_of(error)}: {text_of_error(error)}"])

    def _show(self, kind: type[BaseException], error: object, lines: typing.Any) -> None:
        if isinstance(error, BaseException) and not has_text(error):
            error = stand_in(error)
        self._send(kind, error, readable_throughout([str(line) for line in lines]))
        self._sent += 1


def _lines(kind: type[BaseException], error: BaseException, trace: typing.Any) -> list[str]:
    try:
        text = "".join(traceback.format_exception(kind, error, trace))
    except Exception:  # noqa: BLE001 - as above
        text = f"{name_of(error)}: {text_of_error(error)}"
    return text.splitlines()


def _remembered(error: BaseException, *_: typing.Any, **__: typing.Any) -> str:
    """Return what a kernel's history keeps of an error."""
    return f"{name_of(error)}: {text_of_error(error)}"


class _Streams:
    """Sees after each cell that what the notebook made of standard output can still be used."""

    def __init__(self) -> None:
        self._first = {name: getattr(sys, name) for name in ("stdout", "stderr")}

    def mend(self, result: ExecutionResult) -> None:
        """Put back a stream that cannot be flushed: the kernel would never answer."""
        del result
        for name, first in self._first.items():
            try:
                getattr(sys, name).flush()
            except Exception as error:  # noqa: BLE001 - of a person's own stream
                setattr(sys, name, first)
                print(f"nbkit: sys.{name} fails ({name_of(error)}), so it is Jupyter's again")


def _answer(result: ExecutionResult | None) -> None:
    """Let a cell's reply name the error, whatever its text is."""
    if result is None:
        return
    if result.error_in_exec is not None and not has_text(result.error_in_exec):
        result.error_in_exec = stand_in(result.error_in_exec)
    if result.error_before_exec is not None and not has_text(result.error_before_exec):
        result.error_before_exec = stand_in(result.error_before_exec)
