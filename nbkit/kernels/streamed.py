"""Text that a cell prints bit by bit, as one output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbformat import NotebookNode

_LONGEST = 1 << 16
"""Characters from which on an output is left as it is: to add to it copies it."""


def joined(cell: NotebookNode, printed: Mapping[str, Any]) -> bool:
    """Add what was printed to the text before it, and return whether that could be done.

    Args:
        cell: what prints.
        printed: the content of a `stream` message.
    """
    last = cell.outputs[-1] if cell.outputs else None
    if last is None or last.get("name") != printed["name"] or len(last.text) > _LONGEST:
        return False
    last.text += printed["text"]
    return True
