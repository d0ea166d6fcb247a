"""Where declarations go while sources are evaluated, or cells are run."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.pipelines.declare.code_places import place_of
from nbkit.pipelines.declare.declarations import Dataset, Declared, Flow, Place, Rule
from nbkit.toolkit import completion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pyspark.sql import SparkSession

_LIBRARIES = ("nbkit.pipelines", "pyspark")


class Registry:
    """Collects declarations.

    Args:
        redefine: whether a later declaration of a name takes the place of an earlier one, as it
            does in cells that are run in any order; else both are kept, and the analysis complains.
    """

    def __init__(self, *, redefine: bool = False) -> None:
        self._redefine = redefine
        self._cell = ""
        self._datasets: list[tuple[Dataset, Any]] = []
        self._flows: list[Flow] = []
        self._rules: dict[int, tuple[Any, list[Rule]]] = {}

    def begin(self, cell: str) -> None:
        """Begin a cell: what it declared when it was run before is declared no more.

        Args:
            cell: its id; empty where a frontend tells none.
        """
        self._cell = cell
        if cell:
            self._datasets = [kept for kept in self._datasets if kept[0].place.cell != cell]
            self._flows = [kept for kept in self._flows if kept.place.cell != cell]

    def add_dataset(self, dataset: Dataset, query: Callable[..., Any] | None = None) -> None:
        """Add a dataset; expectations that are put on its `query` function are its own."""
        if self._redefine:
            name = dataset.name.lower()
            self._datasets = [kept for kept in self._datasets if kept[0].name.lower() != name]
            self._flows = [flow for flow in self._flows if flow.target.lower() != name]
        dataset = replace(dataset, place=replace(dataset.place, cell=self._cell))
        self._datasets.append((dataset, query))

    def add_flow(self, flow: Flow) -> None:
        """Add a flow."""
        if self._redefine:
            name = flow.name.lower()
            self._flows = [kept for kept in self._flows if kept.name.lower() != name]
        self._flows.append(replace(flow, place=replace(flow.place, cell=self._cell)))

    def add_rules(self, query: Callable[..., Any], rules: Sequence[Rule]) -> None:
        """Add expectations to a query function, above or below its other decorators."""
        known = self._rules.setdefault(id(query), (query, []))[1]
        known[:0] = rules  # decorators nearest to the function come first

    def settle(self, home: SparkSession, since: int = 0) -> None:
        """Let flows that have none yet have a session to begin from.

        Args:
            home: the session, as the source of the flows has left it.
            since: how many flows had been declared before that source.
        """
        for at in range(since, len(self._flows)):
            if self._flows[at].home is None:
                self._flows[at] = replace(self._flows[at], home=home)

    @property
    def count(self) -> int:
        """How many flows have been declared so far."""
        return len(self._flows)

    def declared(self) -> Declared:
        """Return what was declared so far."""
        datasets = [
            replace(dataset, rules=(*dataset.rules, *self._rules.get(id(query), (None, []))[1]))
            for dataset, query in self._datasets
        ]
        return Declared(tuple(datasets), tuple(self._flows))


_active: ContextVar[Registry | None] = ContextVar("nbkit_pipeline_registry", default=None)
_of_cells: list[Registry] = []


def active() -> Registry:
    """Return the registry that declarations go to now.

    Raises:
        UsageError: no source is being evaluated, and this is no notebook.
    """
    return _active.get() or of_cells()


def of_cells() -> Registry:
    """Return the registry of this kernel, which cells declare into.

    Raises:
        UsageError: this is no kernel.
    """
    if not _of_cells:
        from IPython.core.getipython import get_ipython

        shell = get_ipython()
        if shell is None:
            raise UsageError(
                "Datasets are declared in a notebook, or in the sources of a pipeline; "
                "update it by `nbkit pipeline run`."
            )
        made = Registry(redefine=True)
        if kernel := getattr(shell, "kernel", None):  # the cell that is running now
            made.begin(kernel.get_parent().get("metadata", {}).get("cellId") or "")
        shell.events.register("pre_run_cell", lambda info: made.begin(info.cell_id or ""))
        completion.names.more.append(lambda: [each.name for each in made.declared().datasets])
        _of_cells.append(made)
    return _of_cells[0]


@contextmanager
def collecting(registry: Registry) -> Iterator[None]:
    """Let declarations go to `registry`."""
    token = _active.set(registry)
    try:
        yield
    finally:
        _active.reset(token)


def caller() -> Place:
    """Return the place of the nearest code on the stack that is neither nbkit's nor Spark's."""
    frame = sys._getframe(1)  # noqa: SLF001 - what `inspect` is made of, without reading files
    while frame.f_back is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if not module.startswith(_LIBRARIES):
            break
        frame = frame.f_back
    return place_of(frame.f_code.co_filename, frame.f_lineno)
