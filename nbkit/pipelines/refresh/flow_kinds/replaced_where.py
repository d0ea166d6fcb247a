"""`REPLACE WHERE`: the rows that meet a condition are computed anew, in one commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.pipelines.refresh import fitting
from nbkit.pipelines.refresh.flow_kinds import FlowKind
from nbkit.pipelines.refresh.live_inputs import expectations_of
from nbkit.pipelines.refresh.written import Written
from nbkit.pipelines.resolve.names import quoted
from nbkit.pipelines.resolve.replacing_flows import condition_of
from nbkit.quality.splitting import split

if TYPE_CHECKING:
    from nbkit.pipelines.refresh.flow_work import FlowWork
    from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow


def _takes(flow: AnalysedFlow, _: AnalysedDataset) -> bool:
    return flow.flow.replaces is not None and not flow.flow.replaces.using


def _run(work: FlowWork) -> Written:
    """Compute anew the rows that meet the condition, and leave all others.

    Raises:
        UsageError: rows that cannot have a place in the table; nothing was written.
    """
    found, replaces, written = work.found, work.flow.flow.replaces, Written()
    assert replaces is not None
    rows = fitting.grown(work.queried, found.key)  # first: in the table's types it may mean others
    condition = condition_of(replaces.where, rows)
    expectations = expectations_of(found.dataset.rules)
    parts = split(rows.where(condition), expectations, dataset=found.written)
    with parts.metrics:
        writer = parts.good.write.format("delta").mode("overwrite")
        writer.option("replaceWhere", condition).saveAsTable(quoted(found.key))
        written.add(parts.metrics, own=True)
    if not expectations:
        written.outcomes = []
    return written


KIND = FlowKind("replaced where", _takes, _run, lambda *_: False)
"""It is computed anew in each update: that is what people take it for."""
