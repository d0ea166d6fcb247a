"""AUTO CDC from snapshots: a table that follows what its source looks like as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.pipelines.refresh.cdc_snapshots import Snapshots
from nbkit.pipelines.refresh.flow_kinds import FlowKind
from nbkit.pipelines.refresh.once_only import at_most_once
from nbkit.pipelines.refresh.written import Written

if TYPE_CHECKING:
    from nbkit.pipelines.refresh.flow_work import FlowWork
    from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow


def _takes(flow: AnalysedFlow, _: AnalysedDataset) -> bool:
    return flow.flow.changes is not None and flow.flow.changes.snapshots


def _run(work: FlowWork) -> Written:
    return at_most_once(work.place, lambda: _followed(work), once=work.flow.flow.once)


def _followed(work: FlowWork) -> Written:
    flow, written = work.flow.flow, Written()
    assert flow.changes is not None
    application = f"{work.generation}-{flow.name}"
    snapshots = Snapshots(work.found, flow.changes, work.live, work.place, application)
    for merged in snapshots.follow():
        written.add_merged(merged)
    return written


KIND = FlowKind("snapshots", _takes, _run, lambda *_: False)
"""What a function will say next, nobody knows."""
