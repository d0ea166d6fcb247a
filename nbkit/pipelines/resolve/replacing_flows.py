"""Whether flows whose rows replace others can do so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.errors import UsageError
from nbkit.pipelines.resolve.cdc_columns import names_of, sequence_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbkit.pipelines.declare.declarations import Dataset, Kind
    from nbkit.pipelines.resolve.graph import AnalysedFlow


def check_replacing(dataset: Dataset, kind: Kind, flows: Sequence[AnalysedFlow]) -> None:
    """Check the flows of a dataset that replace rows.

    Raises:
        UsageError: one cannot.
    """
    for each in flows:
        replaces = each.flow.replaces
        if replaces is None:
            continue
        name = each.flow.name
        if kind != "streaming_table":
            raise UsageError(f"flow {name} replaces rows: its target is a streaming table")
        quarantine = any(rule.action == "quarantine" for rule in dataset.rules)
        if replaces.using:
            if not each.streaming:
                raise UsageError(f"flow {name} is not a stream: REPLACE USING takes nothing else")
            if dataset.rules:
                raise UsageError(f"{dataset.name}: put its expectations on the view that it reads")
            names_of(each.frame, replaces.using)
            each.frame.select(sequence_of(each.frame, replaces.sequence_by))
            continue
        if each.streaming:
            raise UsageError(f"flow {name} is a stream: REPLACE WHERE computes rows anew")
        if quarantine:
            raise UsageError(f"{dataset.name}: rows that are replaced have no quarantine")
        each.frame.where(replaces.where)
