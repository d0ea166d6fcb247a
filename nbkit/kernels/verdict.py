"""What the reply to a cell and its outputs say together: go on, leave here, or it failed.

Neither tells all: IPython shows errors that it does not reply with (`%%capture`, `%run` of a
script, a nested `run_cell`, `showtraceback`), and replies with some that it cannot name. What a
person prints of an error that was handled, such as `traceback.print_exc()`, is text and no error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from nbkit import wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from nbformat import NotebookNode

_NAMELESS = frozenset({"", "None", "NoneType"})
_WELL = frozenset({"", "0", "None", "False"})
"""Texts of a `SystemExit` that Python ends with status 0 for."""

_UNTOLD = {"ename": "CellFailed", "evalue": "the kernel did not say why", "traceback": []}


class CellVerdict(NamedTuple):
    """What follows from a cell.

    Attributes:
        then: `leave` ends the notebook as a success.
        error: why it failed: `ename`, `evalue`, `traceback`.
    """

    then: Literal["go on", "leave", "fail"]
    error: Mapping[str, Any] = {}


def judge(
    reply: Mapping[str, Any],
    shown: Iterable[Mapping[str, Any]],
    *,
    exited: bool = False,
    may_fail: bool = False,
) -> CellVerdict:
    """Judge one cell.

    Args:
        reply: content of the kernel's reply.
        shown: the errors that stand in the cell's outputs.
        exited: whether the cell called `dbutils.notebook.exit`.
        may_fail: whether an error is expected (tag `raises-exception`).
    """
    errors = [error for error in _errors(reply, shown) if not (exited and _is_exit(error))]
    failures = [error for error in errors if not leaves_well(error)]
    if failures and not may_fail:
        return CellVerdict("fail", next(filter(_named, failures), failures[0]))
    if exited and not failures:
        return CellVerdict("leave")
    if len(failures) < len(errors) or any(map(_asks_to_leave, reply.get("payload") or ())):
        return CellVerdict("leave")
    return CellVerdict("go on")


def _errors(
    reply: Mapping[str, Any], shown: Iterable[Mapping[str, Any]]
) -> Iterator[Mapping[str, Any]]:
    """Yield every error that is known of a cell; the one that it was left with first."""
    told = list(shown)
    if reply.get("status") != "ok":
        if _named(reply):
            yield reply
        elif not any(map(_named, told)):
            yield {**_UNTOLD, **_known(reply)}
    yield from told
    for part in reply.get("payload") or ():
        if part.get("source") == "ask_exit" and part.get("keepkernel"):
            # `exit(1)`: IPython takes its argument for "keep the kernel", and says nothing.
            yield {"ename": "SystemExit", "evalue": str(part["keepkernel"]), "traceback": []}


def _known(reply: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a nameless error says: IPython's texts for "there was none" say nothing."""
    return {name: reply[name] for name in ("evalue", "traceback") if _says(reply.get(name))}


def _says(part: Any) -> bool:
    return bool(part) and part != "None"


def _named(error: Mapping[str, Any]) -> bool:
    return str(error.get("ename", "")) not in _NAMELESS


def _is_exit(error: Mapping[str, Any]) -> bool:
    return error.get("ename") == wire.NOTEBOOK_EXIT


def leaves_well(error: Mapping[str, Any]) -> bool:
    """Say whether an error is Python's way to end without one."""
    return error.get("ename") == "SystemExit" and str(error.get("evalue", "")) in _WELL


def _asks_to_leave(part: Mapping[str, Any]) -> bool:
    return part.get("source") == "ask_exit" and not part.get("keepkernel")


def errors_of(cell: NotebookNode) -> list[Any]:
    """Return the errors that a cell shows."""
    return [output for output in cell.outputs if output.output_type == "error"]
