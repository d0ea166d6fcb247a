"""Kinds of flows into tables and sinks, one file each: to add one, write a file with a `KIND`.

Each says which flows are its own, writes what they have to add, and knows when that is nothing.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.refresh.flow_work import FlowWork
    from nbkit.pipelines.refresh.written import Written
    from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow


@dataclass(frozen=True, slots=True)
class FlowKind:
    """A kind of flow.

    Attributes:
        name: what a mistake in the kinds calls it.
        takes: says whether a flow into a dataset is of this kind: each is of just one.
        run: writes everything that is new, once, wherever the process may have been killed.
        is_idle: says whether there is nothing new, for certain, by the flow's folder of state, and
            by identity and version of the tables that it reads, by key.
    """

    name: str
    takes: Callable[[AnalysedFlow, AnalysedDataset], bool]
    run: Callable[[FlowWork], Written]
    is_idle: Callable[[AnalysedFlow, AnalysedDataset, HadoopFolder, Mapping[str, str]], bool]


def kinds() -> list[FlowKind]:
    """Return every kind there is."""
    modules = sorted(pkgutil.iter_modules(__path__), key=lambda each: each.name)
    return [importlib.import_module(f"{__name__}.{module.name}").KIND for module in modules]


def kind_of(flow: AnalysedFlow, found: AnalysedDataset) -> FlowKind:
    """Return the kind that a flow is of.

    Raises:
        LookupError: it is of none, or of several, which is a mistake in the kinds.
    """
    taking = [kind for kind in kinds() if kind.takes(flow, found)]
    if len(taking) != 1:
        names = ", ".join(kind.name for kind in taking) or "none"
        raise LookupError(f"flow {flow.flow.name} has to be of one kind, and is of {names}")
    return taking[0]
