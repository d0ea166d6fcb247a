"""A flow that is no stream: its rows are appended once in the life of its table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.pipelines.refresh import fitting, quarantine, snapshots
from nbkit.pipelines.refresh.flow_kinds import FlowKind
from nbkit.pipelines.refresh.flow_work import application_of
from nbkit.pipelines.refresh.live_inputs import expectations_of
from nbkit.pipelines.refresh.written import Written
from nbkit.quality.splitting import split

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.refresh.flow_work import FlowWork
    from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow


def _takes(flow: AnalysedFlow, _: AnalysedDataset) -> bool:
    return not (flow.streaming or flow.flow.changes or flow.flow.replaces)


def _run(work: FlowWork) -> Written:
    found, written, rows = work.found, Written(), fitting.in_types(work.queried, work.found.key)
    if _has_run(found.key, work.place):
        return written
    parts = split(rows, expectations_of(found.dataset.rules), dataset=found.written)
    with parts.metrics:
        if parts.quarantine is not None:
            quarantine.append_both(parts, found.key, work.place, work.application, 1)
        else:
            quarantine.append_once(parts.good, found.key, work.application, 1)
        written.add(parts.metrics, own=True)
    return written


def _is_idle(
    _: AnalysedFlow, found: AnalysedDataset, place: HadoopFolder, __: Mapping[str, str]
) -> bool:
    return _has_run(found.key, place) and not quarantine.has_staged(place)


def _has_run(key: str, place: HadoopFolder) -> bool:
    """Say whether a table has noted a transaction of a flow."""
    return snapshots.transaction_of(place.spark, key, application_of(place)) is not None


KIND = FlowKind("run once", _takes, _run, _is_idle)
