"""Which cells read which widgets, so that a change of one can run those again."""

from __future__ import annotations

import typing
from contextlib import contextmanager
from dataclasses import dataclass

if typing.TYPE_CHECKING:
    from collections.abc import Iterator

    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that was run.

    Attributes:
        key: what the front end calls it; its source where that calls it nothing.
        source: what was run.
    """

    key: str
    source: str


class Reads:
    """Who reads what: cells of this notebook, in the order of their first run.

    Attributes:
        runs: how often a person has run a cell.
    """

    def __init__(self) -> None:
        self._now: Cell | None = None
        self._again = False
        self._read: dict[str, tuple[Cell, set[str]]] = {}
        self.runs = 0

    def register(self, shell: InteractiveShell) -> None:
        """Watch the cells of a notebook."""
        shell.events.register("pre_run_cell", self._begin)
        shell.events.register("post_run_cell", self._end)

    @property
    def now(self) -> Cell | None:
        """The cell that runs because a person ran it; a `%run` inside belongs to it."""
        return None if self._again else self._now

    def note(self, widget: str) -> None:
        """Note that the cell that runs now reads a widget."""
        if self._now is not None:
            self._read.setdefault(self._now.key, (self._now, set()))[1].add(widget)

    def readers(self, widget: str) -> list[Cell]:
        """Return the cells that read a widget when they ran last."""
        return [cell for cell, names in self._read.values() if widget in names]

    def sources(self) -> dict[str, str]:
        """Return the sources of the cells as they were run last, by the front end's names."""
        return {key: cell.source for key, (cell, _) in self._read.items()}

    @contextmanager
    def again(self, cell: Cell) -> Iterator[None]:
        """Run a cell once more because a widget changed."""
        self._now, self._again = cell, True
        try:
            yield
        finally:
            self._now, self._again = None, False

    def _begin(self, info: ExecutionInfo) -> None:
        if info.store_history:
            self.runs += 1
            self._now = Cell(getattr(info, "cell_id", None) or info.raw_cell, info.raw_cell)
            # An empty entry keeps the cell's place in the order.
            self._read[self._now.key] = (self._now, set())

    def _end(self, result: ExecutionResult) -> None:
        if result.info is not None and result.info.store_history:
            self._now = None


reads = Reads()
"""Those of this kernel's notebook."""
