"""A stream into a table with a quarantine beside it: good and bad rows of each batch, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.pipelines.refresh import fitting, quarantine
from nbkit.pipelines.refresh.batches import each_batch
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
    return appends and found.kind != "sink" and quarantine.is_wanted(found.dataset)


def _run(work: FlowWork) -> Written:
    found, place, written = work.found, work.place, Written()
    expectations = expectations_of(found.dataset.rules)

    def write(batch: DataFrame, number: int) -> None:
        parts = split(batch, expectations, dataset=found.written)  # holds the batch's rows
        with parts.metrics:
            stream = quarantine.application_of(place, "")
            quarantine.append_both(parts, found.key, place, stream, number)
            written.add(parts.metrics, own=True)

    each_batch(fitting.in_types(work.queried, found.key), write, place, work.finished)
    return written


KIND = FlowKind(
    "with quarantine",
    _takes,
    _run,
    lambda flow, _, place, versions: is_drained(flow.frame, place, versions),
)
