"""A stream that Delta's own sink appends to a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.pipelines.refresh import fitting, quarantine
from nbkit.pipelines.refresh.drained import is_drained
from nbkit.pipelines.refresh.flow_kinds import FlowKind
from nbkit.pipelines.refresh.live_inputs import expectations_of
from nbkit.pipelines.refresh.written import Written
from nbkit.pipelines.resolve.names import quoted
from nbkit.quality.splitting import split

if TYPE_CHECKING:
    from nbkit.pipelines.refresh.flow_work import FlowWork
    from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow


def _takes(flow: AnalysedFlow, found: AnalysedDataset) -> bool:
    appends = flow.streaming and not (flow.flow.changes or flow.flow.replaces)
    return appends and found.kind != "sink" and not quarantine.is_wanted(found.dataset)


def _run(work: FlowWork) -> Written:
    found, written = work.found, Written()
    expectations = expectations_of(found.dataset.rules)
    rows = fitting.in_types(work.queried, found.key)
    parts = split(rows, expectations, dataset=found.written)
    with parts.metrics:
        writer = parts.good.writeStream.option("checkpointLocation", str(work.place))
        writer = writer.trigger(availableNow=True).option("mergeSchema", "true")
        work.finished(writer.outputMode("append").toTable(quoted(found.key)))
        written.add(parts.metrics, own=True)
    if not expectations:
        written.outcomes = []
    return written


KIND = FlowKind(
    "appended",
    _takes,
    _run,
    lambda flow, _, place, versions: is_drained(flow.frame, place, versions),
)
