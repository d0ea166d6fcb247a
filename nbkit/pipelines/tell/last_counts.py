"""What was counted when each dataset was last refreshed, as the event log tells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbkit.pipelines.refresh.live_inputs import expectations_of
from nbkit.pipelines.refresh.progress import DatasetProgress
from nbkit.pipelines.tell.event_log import TABLE
from nbkit.quality.outcome import Outcome, Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pyspark.sql import SparkSession

    from nbkit.pipelines.resolve.graph import AnalysedDataset, PipelineGraph

_COUNTED = "event_type = 'flow_progress' AND details LIKE '%\"num_output_rows\"%'"


def last_counts(
    folder: Path, graph: PipelineGraph, spark: SparkSession
) -> dict[str, DatasetProgress]:
    """Return the last refresh of each dataset in which rows were counted, by key.

    Args:
        folder: the pipeline's own.
        graph: the pipeline as it is now.
        spark: reads the event log.
    """
    if not (folder / TABLE / "_delta_log").is_dir():
        return {}
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    events = spark.read.format("delta").load(str(folder / TABLE)).where(_COUNTED)
    last = F.expr("max_by(details, sequence.data_plane_id.seq_no)")
    newest = events.groupBy("origin.dataset_name").agg(last)
    told = {name: json.loads(details)["flow_progress"] for name, details in newest.collect()}
    stored = {each.written: each for each in graph.stored()}
    return {stored[name].key: _said(stored[name], told[name]) for name in stored.keys() & told}


def _said(found: AnalysedDataset, flow: Mapping[str, Any]) -> DatasetProgress:
    quality = flow.get("data_quality", {})
    rows, dropped = flow["metrics"]["num_output_rows"], quality.get("dropped_records")
    results = tuple(_results(found, quality.get("expectations", ())))
    outcome = Outcome(found.written, rows + (dropped or 0), rows, 0, results)
    outcomes = (outcome,) if results else ()
    return DatasetProgress(
        found.key, found.kind, "COMPLETED", rows=rows, dropped=dropped, outcomes=outcomes
    )


def _results(found: AnalysedDataset, told: list[Mapping[str, Any]]) -> Iterator[Result]:
    """Yield what became of those expectations that the dataset still has."""
    counts = {each["name"]: each for each in told if each["dataset"] == found.written}
    for rule in expectations_of(found.dataset.rules):
        if rule.name in counts:
            passed = counts[rule.name]["passed_records"]
            failed = counts[rule.name]["failed_records"]
            yield Result(
                rule.name,
                rule.rule,
                rule.action,
                rule.threshold,
                passed,
                failed,
                failed if rule.removes else 0,
            )
