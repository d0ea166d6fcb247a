"""AUTO CDC: changes that are applied to a table, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.pipelines.refresh.cdc import ChangesInto
from nbkit.pipelines.refresh.drained import is_drained
from nbkit.pipelines.refresh.flow_kinds import FlowKind
from nbkit.pipelines.refresh.once_only import at_most_once

if TYPE_CHECKING:
    from nbkit.pipelines.refresh.flow_work import FlowWork
    from nbkit.pipelines.refresh.written import Written
    from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow


def _takes(flow: AnalysedFlow, _: AnalysedDataset) -> bool:
    return flow.flow.changes is not None and not flow.flow.changes.snapshots


def _run(work: FlowWork) -> Written:
    flow = work.flow.flow
    into = ChangesInto(work.found, flow, work.live, work.place, work.generation)
    return at_most_once(work.place, lambda: into.run(work.finished), once=flow.once)


KIND = FlowKind(
    "changes",
    _takes,
    _run,
    lambda flow, _, place, versions: is_drained(flow.frame, place, versions),
)
