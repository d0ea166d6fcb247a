"""A pipeline from its sources to its tables: read, analyse, update."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.errors import DefinitionError, Problem
from nbkit.pipelines import tables
from nbkit.pipelines.analysis import analyse
from nbkit.pipelines.event_log import EventLog
from nbkit.pipelines.hadoop_folder import HadoopFolder
from nbkit.pipelines.plan import Request, select
from nbkit.pipelines.sources import evaluate
from nbkit.pipelines.update import Update

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import SparkSession

    from nbkit.pipelines.graph import PipelineGraph
    from nbkit.pipelines.place import Place
    from nbkit.pipelines.progress import DatasetProgress
    from nbkit.pipelines.spec import Spec
    from nbkit.pipelines.update import Listener


def resolve(spec: Spec, spark: SparkSession) -> PipelineGraph:
    """Evaluate and analyse a pipeline; nothing is run, and no data read."""
    declared, problems = evaluate(spec, spark)
    if not declared.datasets and not problems:
        problems.append(Problem("", "its sources declare no datasets"))
    return analyse(declared, spec, spark, problems)


def checked(graph: PipelineGraph) -> PipelineGraph:
    """Return a pipeline that can run.

    Raises:
        DefinitionError: it cannot; all its problems.
    """
    if not graph.runnable:
        raise DefinitionError(graph.problems, f"pipeline {graph.spec.name}")
    return graph


def update(
    graph: PipelineGraph,
    spark: SparkSession,
    place: Place,
    request: Request,
    listeners: Sequence[Listener] = (),
) -> Mapping[str, DatasetProgress]:
    """Update a pipeline, and return the last word on each of its datasets.

    Raises:
        DefinitionError: it cannot run, or the request names what is not there.
        UsageError: another update of it is under way.
    """
    selection = select(checked(graph), request)
    with place.claimed(graph.spec.name):
        stored = [each.key for each in graph.stored() if each.kind != "sink"]
        tables.ensure_schemas(spark, stored)
        log = EventLog(place.folder, graph, full=request.full_refresh_all)
        storage = HadoopFolder(spark, place.storage)
        running = Update(graph, selection, spark, storage, (*listeners, log))
        try:
            progress = running.run()
        finally:
            log.ended(running.progress, spark)
        left = set(place.known()) - set(stored)
        place.remember([*stored, *left_over(spark, left, graph.spec.name)])
    return progress


def left_over(spark: SparkSession, keys: set[str], pipeline: str) -> list[str]:
    """Return those of some datasets whose tables are still there, and the pipeline's."""
    found = []
    for key in sorted(keys):
        state = tables.state_of(spark, key)
        if state is not None and state.owner == pipeline:
            found.append(key)
    return found
