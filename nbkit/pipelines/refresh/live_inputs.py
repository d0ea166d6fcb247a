"""Answers queries while a pipeline is updated: real tables, and views evaluated on the spot."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nbkit.pipelines.files import auto_loader, change_feed
from nbkit.pipelines.files.reading import answering
from nbkit.pipelines.resolve.names import quoted
from nbkit.quality.expectation import Expectation
from nbkit.quality.splitting import split
from nbkit.spark import apart

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.pipelines.declare.declarations import Flow, Rule
    from nbkit.pipelines.files.hadoop_folder import HadoopFolder
    from nbkit.pipelines.resolve.graph import PipelineGraph
    from nbkit.quality.metrics import Metrics


@dataclass(slots=True)
class LiveInputs:
    """Answers the query of one flow.

    Attributes:
        graph: the pipeline.
        spark: what people's code has for its session.
        session: the flow's own: its query is made and run in it, and it hears what is counted.
        schemas: folder where Auto Loader keeps schemas.
        anew: whether those of what the query reads are to be inferred anew.
        counted: by name, expectations of views that the query reads: they are counted with it.
    """

    graph: PipelineGraph
    spark: SparkSession
    session: SparkSession
    schemas: HadoopFolder
    anew: bool = False
    counted: dict[str, Metrics] = field(default_factory=dict)

    def frame(self, flow: Flow) -> DataFrame:
        """Return the rows of the flow, not computed yet."""
        assert flow.query is not None
        with apart.within(self.session), answering(self):
            return apart.moved(flow.query(), self.session)

    def table(self, name: str, *, stream: bool, feed: bool = False) -> DataFrame | str | None:
        """Answer a query that reads a table."""
        del stream  # the analysis has seen that it fits
        key = self.graph.naming.key(name)
        found = self.graph.datasets.get(key or "")
        if key is None or found is None:
            return self.graph.naming.outside(name, self.spark.catalog.tableExists)
        if found.kind != "temporary_view":
            return quoted(key)
        change_feed.refuse_view(found.name, feed=feed)
        rows = self._of_view(found.flows[0].flow)
        if found.dataset.rules:
            rows = self._counted(rows, found.name, found.dataset.rules)
        return apart.moved(rows, apart.here() or self.session).alias(found.name)

    def files(
        self, path: str, options: Mapping[str, str], schema: Any, *, stream: bool
    ) -> DataFrame:
        """Answer a query that reads files as Auto Loader does."""
        kept = self.schemas if stream else None  # all files are looked into, whenever all are read
        return auto_loader.resolved(
            self.spark,
            path,
            options,
            schema,
            stream=stream,
            state=kept,
            keep=True,
            anew=self.anew,
        )

    def close(self) -> None:
        """Stop listening to what is counted; it can still be read."""
        for metrics in self.counted.values():
            metrics.close()

    def _of_view(self, flow: Flow) -> DataFrame:
        """Return the rows of a view, made in a session of its own, too."""
        assert flow.query is not None
        with apart.within(apart.copied(flow.home or self.spark, flow.conf)), answering(self):
            return flow.query()

    def _counted(self, rows: DataFrame, view: str, rules: Sequence[Rule]) -> DataFrame:
        expectations = expectations_of(rules)
        drops = tuple(  # a view has no table to put rows into
            replace(each, action="drop") if each.action == "quarantine" else each
            for each in expectations
        )
        parts = split(apart.moved(rows, self.session), drops, dataset=view)
        if view in self.counted:  # it is read twice, and counted once
            self.counted[view].close()
        self.counted[view] = parts.metrics
        return parts.good


def expectations_of(rules: Sequence[Rule]) -> tuple[Expectation, ...]:
    """Return rules as the expectations that `nbkit.quality` measures."""
    return tuple(Expectation(rule.name, rule.condition, rule.action) for rule in rules)
