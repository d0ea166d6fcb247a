"""A stream into a sink: a place outside of the pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.exact import exact_types
from nbkit.exact.exact_values import fitted
from nbkit.pipelines.refresh import sinks
from nbkit.pipelines.refresh.drained import is_drained
from nbkit.pipelines.refresh.flow_kinds import FlowKind
from nbkit.pipelines.refresh.live_inputs import expectations_of
from nbkit.pipelines.refresh.written import Written
from nbkit.quality.splitting import split

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from nbkit.pipelines.refresh.flow_work import FlowWork
    from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow


def _takes(flow: AnalysedFlow, found: AnalysedDataset) -> bool:
    appends = flow.streaming and not (flow.flow.changes or flow.flow.replaces)
    return appends and found.kind == "sink"


def _run(work: FlowWork) -> Written:
    found, written = work.found, Written()
    expectations = expectations_of(found.dataset.rules)
    parts = split(_fitting(work.queried, found), expectations, dataset=found.written)
    with parts.metrics:
        work.finished(sinks.start(parts.good, found.dataset, work.place))
        written.add(parts.metrics, own=True)
    if not expectations:
        written.outcomes = []
    return written


def _fitting(rows: DataFrame, found: AnalysedDataset) -> DataFrame:
    """Return rows with the types that a Delta table has to which the sink adds.

    Raises:
        UsageError: values would be changed by that.
    """
    there = sinks.columns_of(rows.sparkSession, found.dataset)
    if there is None:
        return rows
    exact_types.check(rows.schema, there, "the sink's table", "or change the table")
    return fitted(rows, there)


KIND = FlowKind(
    "into a sink",
    _takes,
    _run,
    lambda flow, _, place, versions: is_drained(flow.frame, place, versions),
)
