"""A pipeline in the cells of a notebook: declare datasets, look at them, update them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbkit import serving as attempt
from nbkit.pipelines.declare.registry import of_cells
from nbkit.pipelines.declare.spec import Spec
from nbkit.pipelines.files.auto_loader import SCHEMAS
from nbkit.pipelines.files.hadoop_folder import HadoopFolder
from nbkit.pipelines.place import PipelinePlaces
from nbkit.pipelines.refresh.plan import Request
from nbkit.pipelines.refresh.update import raise_for_failures
from nbkit.pipelines.resolve.analysis import analyse
from nbkit.pipelines.tell import listeners
from nbkit.pipelines.tell.last_counts import last_counts
from nbkit.pipelines.tell.shown import Shown, explained_shown, graph_shown
from nbkit.pipelines.updating import explain, left_code, preview, update
from nbkit.spark import apart
from nbkit.spark.session_settings import settings_of
from nbkit.toolkit.display import display

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.pipelines.refresh.progress import DatasetProgress
    from nbkit.pipelines.resolve.graph import PipelineGraph


class CellsPipeline:
    """The pipeline that the cells of this notebook declare."""

    def __init__(self) -> None:
        self._spec = Spec("notebook", Path.cwd())
        self._progress: dict[str, DatasetProgress] = {}

    def configure(
        self,
        name: str | None = None,
        *,
        schema: str | None = None,
        configuration: Mapping[str, str] | None = None,
    ) -> None:
        """Say what else would be in a pipeline's settings.

        Args:
            name: of the pipeline; its tables are known by it.
            schema: where names without a schema belong.
            configuration: what `spark.conf.get` answers, and Spark settings.
        """
        self._spec = Spec(
            name or self._spec.name,
            Path.cwd(),
            schema=schema or self._spec.schema,
            configuration={**self._spec.configuration, **(configuration or {})},
        )

    def preview(self, name: str, n: int = 20) -> DataFrame:
        """Return some rows of a dataset as they would be now; nothing is written.

        At the end of a cell the notebook shows them, as `display` would.

        Args:
            name: of the dataset.
            n: most rows.

        Raises:
            UsageError: there is no such dataset.
            DefinitionError: it, or what it reads, is wrong.
        """
        graph, spark = self._resolved()
        rows = _for_notebook(preview(graph, spark, name, n), spark)
        rows._ipython_display_ = lambda: display(rows)
        return rows

    def explain(
        self,
        refresh: Sequence[str] | None = None,
        *,
        full_refresh: Sequence[str] = (),
        full_refresh_all: bool = False,
    ) -> Shown:
        """Return how an update would refresh each dataset, and why; nothing is run.

        Args:
            refresh: as `run` takes it.
            full_refresh: as `run` takes it.
            full_refresh_all: as `run` takes it.

        Raises:
            DefinitionError: the pipeline cannot run; it carries every problem.
        """
        graph, spark = self._resolved()
        request = _request(refresh, full_refresh, full_refresh_all)
        told = explain(graph, spark, self._place(), request)
        return explained_shown(told)

    def graph(self) -> Shown:
        """Return a drawing of the pipeline, with what its last update counted."""
        graph, spark = self._resolved()
        self._recall(graph, spark)
        return graph_shown(graph, self._progress)

    def run(
        self,
        refresh: Sequence[str] | None = None,
        *,
        full_refresh: Sequence[str] = (),
        full_refresh_all: bool = False,
    ) -> Shown:
        """Update the pipeline's tables, showing how it goes.

        Args:
            refresh: names of datasets; None for all. `a+` is `a` with all that reads it.
            full_refresh: names of datasets to begin anew.
            full_refresh_all: begin all of them anew.

        Raises:
            DefinitionError: the pipeline cannot run; it carries every problem.
            UpdateFailedError: datasets could not be refreshed; the others were.
        """
        graph, spark = self._resolved()
        request = _request(refresh, full_refresh, full_refresh_all)
        table = listeners.ProgressTable()
        for said in left_code(graph, spark, self._place()).values():
            print(f"note: {said}")
        try:
            progress = update(graph, spark, self._place(), request, [listeners.to_record, table])
        finally:  # also of an update that was interrupted
            table.show()
            if any(each.how == "unchanged" for each in table.progress.values()):
                self._recall(graph, spark)
            self._remember(table.progress)
        raise_for_failures(progress)
        return graph_shown(graph, self._progress)

    def _recall(self, graph: PipelineGraph, spark: SparkSession) -> None:
        """Ask the event log what was counted before this kernel, if nothing was in it."""
        if not self._progress:
            self._progress = last_counts(self._place().folder, graph, spark)

    def _remember(self, progress: Mapping[str, DatasetProgress]) -> None:
        """Remember what was counted; of a dataset that was left as it is, when it was made."""
        for key, each in progress.items():
            before = self._progress.get(key)
            if each.how == "unchanged" and before:
                self._progress[key] = replace(
                    each, rows=before.rows, dropped=before.dropped, outcomes=before.outcomes
                )
            elif each.state != "EXCLUDED":
                self._progress[key] = each

    def _resolved(self) -> tuple[PipelineGraph, SparkSession]:
        from nbkit.toolkit.session import session

        spark = session.attach()
        assert spark is not None
        schemas = HadoopFolder(spark, self._place().storage) / SCHEMAS
        return analyse(of_cells().declared(), self._spec, spark, schemas=schemas), spark

    def _place(self) -> PipelinePlaces:
        from nbkit.settings import Settings

        context = attempt.current()
        settings = Settings.of(Path(context["project"]) if context else None)
        return PipelinePlaces.of(self._spec, settings.state_directory)


def _request(
    refresh: Sequence[str] | None, full_refresh: Sequence[str], full_refresh_all: bool
) -> Request:
    chosen = None if refresh is None else tuple(refresh)
    return Request(chosen, tuple(full_refresh), full_refresh_all)


def _for_notebook(rows: DataFrame, spark: SparkSession) -> DataFrame:
    """Return rows whose temporary views are seen in the notebook, though a query is made apart.

    Settings of the query's own still hold for its rows.
    """
    there = apart.moved(rows, spark)
    if settings_of(rows.sparkSession) == settings_of(spark):
        return there
    named: Any = rows
    for method in ("createTempView", "createOrReplaceTempView"):
        setattr(named, method, getattr(there, method))
    return rows


pipeline = CellsPipeline()
"""What a notebook imports: `from nbkit import pipeline`."""
