"""Answers queries for a preview: everything on the way is computed, and nothing written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.pipelines.files import auto_loader, change_feed
from nbkit.pipelines.files.reading import answering
from nbkit.pipelines.refresh.cdc_preview import preview
from nbkit.pipelines.refresh.live_inputs import expectations_of
from nbkit.pipelines.resolve.replacing_flows import condition_of
from nbkit.spark import apart

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.pipelines.resolve.graph import AnalysedDataset, PipelineGraph


@dataclass(frozen=True, slots=True)
class PreviewInputs:
    """Answers with rows as they would be now; streams are read as tables.

    Attributes:
        graph: the pipeline.
        spark: the session.
    """

    graph: PipelineGraph
    spark: SparkSession

    def rows(self, found: AnalysedDataset) -> DataFrame:
        """Return the rows of a dataset, not computed yet."""
        frames = []
        flows = [each.flow for each in found.flows]
        if any(each.changes is not None for each in flows):
            own = apart.copied(flows[0].home or self.spark, flows[0].conf)
            with apart.within(own), answering(self):
                rows = preview(self.spark, flows)
            return apart.moved(rows, apart.here() or own)
        for each in flows:
            own = apart.copied(each.home or self.spark, each.conf)
            with apart.within(own), answering(self):
                assert each.query is not None
                rows = each.query()
                replaces = each.replaces
                if replaces is not None and not replaces.using:
                    rows = rows.where(condition_of(replaces.where, rows))
            frames.append(apart.moved(rows, apart.here() or own))
        if not frames:
            raise UsageError(f"{found.name} has no query yet")
        rows = frames[0]
        for more in frames[1:]:
            rows = rows.unionByName(more, allowMissingColumns=True)
        for rule in expectations_of(found.dataset.rules):
            if rule.removes:
                rows = rows.where(f"not {rule.failing}")
        return rows

    def table(self, name: str, *, stream: bool, feed: bool = False) -> DataFrame | str | None:
        """Answer a query that reads a table."""
        key = self.graph.naming.key(name)
        found = self.graph.datasets.get(key or "")
        if key is not None and found is not None:
            rows = self.rows(found).alias(key.partition(".")[2])
            return change_feed.shown(rows, feed=feed)
        there = self.graph.naming.outside(name, self.spark.catalog.tableExists)
        return self.spark.read.table(there or name) if stream else there

    def files(
        self, path: str, options: Mapping[str, str], schema: Any, *, stream: bool
    ) -> DataFrame:
        """Answer a query that reads files as Auto Loader does: with all files that are there."""
        kept = self.graph.schemas if stream else None
        return auto_loader.resolved(self.spark, path, options, schema, stream=False, state=kept)
