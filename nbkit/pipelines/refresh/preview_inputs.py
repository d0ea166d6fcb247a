"""Answers queries for a preview: everything on the way is computed, and nothing written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.errors import UsageError
from nbkit.pipelines.files import auto_loader
from nbkit.pipelines.files.reading import answering
from nbkit.pipelines.refresh import cdc_versions
from nbkit.pipelines.refresh.live_inputs import expectations_of
from nbkit.pipelines.resolve.cdc_columns import END, START, kept, names_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import Column, DataFrame, SparkSession

    from nbkit.pipelines.declare.declarations import Changes
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
        for each in found.flows:
            with answering(self):
                if each.flow.changes is not None:
                    frames.append(self._changed(each.flow.changes))
                else:
                    assert each.flow.query is not None
                    frames.append(each.flow.query())
        if not frames:
            raise UsageError(f"{found.name} has no query yet")
        rows = frames[0]
        for more in frames[1:]:
            rows = rows.unionByName(more, allowMissingColumns=True)
        for rule in expectations_of(found.dataset.rules):
            if rule.removes:
                rows = rows.where(f"not {rule.failing}")
        return rows

    def table(self, name: str, *, stream: bool) -> DataFrame | str | None:
        """Answer a query that reads a table."""
        key = self.graph.naming.key(name)
        found = self.graph.datasets.get(key or "")
        if key is not None and found is not None:
            return self.rows(found).alias(key.partition(".")[2])
        there = self.graph.naming.outside(name, self.spark.catalog.tableExists)
        return self.spark.read.table(there or name) if stream else there

    def files(
        self, path: str, options: Mapping[str, str], schema: Any, *, stream: bool
    ) -> DataFrame:
        """Answer a query that reads files as Auto Loader does: with all files that are there."""
        kept = self.graph.schemas if stream else None
        return auto_loader.resolved(self.spark, path, options, schema, stream=False, state=kept)

    def _changed(self, changes: Changes) -> DataFrame:
        from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

        if changes.snapshots:
            return self._followed(changes)
        source = self.spark.read.table(changes.source)
        columns, keys = kept(source, changes), names_of(source, changes.keys)
        wanted = cdc_versions.events_of(cdc_versions.as_events(source, changes), keys, None)
        if changes.scd_type == 1:
            newest = cdc_versions.newest(wanted, keys, columns, changes)
            alive = newest.where(F.col(cdc_versions.OPERATION) != "delete")
            return alive.drop(cdc_versions.OPERATION)
        return cdc_versions.history(wanted, keys, columns, changes).select(*columns, START, END)

    def _followed(self, changes: Changes) -> DataFrame:
        """Return what a table that follows snapshots would be."""
        from pyspark.sql import functions as F  # noqa: N812

        found: list[tuple[DataFrame, Column]] = []
        if isinstance(changes.source, str):
            found.append((self.spark.read.table(changes.source), F.current_timestamp()))
        else:
            following = changes.source(None)
            while following is not None:
                found.append((following[0], F.lit(following[1])))
                following = changes.source(following[1])
        if not found:
            raise UsageError("the function of snapshots returns none")
        newest = found[-1][0]
        if changes.scd_type == 1:
            return newest
        keys = names_of(newest, changes.keys)
        events = cdc_versions.between(found, keys)
        columns = newest.columns
        return cdc_versions.history(events, keys, columns, changes).select(*columns, START, END)
