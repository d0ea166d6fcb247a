"""A pipeline from its sources to its tables: read, analyse, update."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nbkit.errors import DefinitionError, Problem, UsageError
from nbkit.near import hint
from nbkit.pipelines.declare.configuration import configured
from nbkit.pipelines.declare.declarations import Declared
from nbkit.pipelines.declare.sources import evaluate
from nbkit.pipelines.files.auto_loader import SCHEMAS
from nbkit.pipelines.files.hadoop_folder import HadoopFolder
from nbkit.pipelines.refresh import tables
from nbkit.pipelines.refresh.continuous import INTERVAL, Rounds, seconds_of
from nbkit.pipelines.refresh.plan import Request, select
from nbkit.pipelines.refresh.preview_inputs import PreviewInputs
from nbkit.pipelines.refresh.update import Update
from nbkit.pipelines.resolve.analysis import analyse
from nbkit.pipelines.resolve.names import naming_of, of_two_levels
from nbkit.pipelines.tell.event_log import EventLog
from nbkit.pipelines.tell.explained import explained

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.pipelines.declare.spec import Spec
    from nbkit.pipelines.place import PipelinePlaces
    from nbkit.pipelines.refresh.progress import DatasetProgress
    from nbkit.pipelines.refresh.update import Listener
    from nbkit.pipelines.resolve.graph import PipelineGraph
    from nbkit.pipelines.tell.explained import Explained


_AS_WANTED = {"COMPLETED", "EXCLUDED"}


def resolve(spec: Spec, spark: SparkSession, place: PipelinePlaces | None = None) -> PipelineGraph:
    """Evaluate and analyse a pipeline; nothing is run, and no data read.

    Args:
        spec: the pipeline.
        spark: resolves its queries.
        place: where it keeps what it knows of files; they are looked into where that is unknown.
    """
    notes: list[Problem] = []
    naming_of(spec, spark, notes=notes)  # sources may use the pipeline's catalog
    declared, problems = evaluate(spec, spark)
    if not declared.datasets and not problems:
        problems.append(Problem("", "its sources declare no datasets"))
    problems += notes
    schemas = HadoopFolder(spark, place.storage) / SCHEMAS if place else None
    return analyse(declared, spec, spark, problems, schemas)


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
    place: PipelinePlaces,
    request: Request,
    listeners: Sequence[Listener] = (),
) -> Mapping[str, DatasetProgress]:
    """Update a pipeline, and return the last word on each of its datasets.

    A continuous pipeline is updated in rounds, until one fails or it is interrupted.

    Raises:
        DefinitionError: it cannot run, or the request names what is not there.
        UsageError: another update of it is under way.
    """
    spec = graph.spec
    selection = select(checked(graph), request)
    if selection.full and graph.schemas is not None and graph.schemas.names():
        graph = again(graph, spark, selection.full)  # with columns of files as they are by now
    pause = seconds_of(spec.configuration.get(INTERVAL, "5 seconds"))
    with place.claimed(spec.name):
        stored = [each.key for each in graph.stored() if each.kind != "sink"]
        tables.ensure_schemas(spark, stored)
        log = EventLog(place.folder, graph, full=request.full_refresh_all)
        for said in left_code(graph, spark, place).values():
            log.add("update_progress", said, {"update_progress": {"state": "RUNNING"}})
        place.remember([*{*place.known(), *stored}])  # before a table is made, should this die
        heard = Rounds((*listeners, log)) if spec.continuous else None
        storage = HadoopFolder(spark, place.storage)
        running = Update(graph, selection, spark, storage, (heard,) if heard else (*listeners, log))
        try:
            progress = running.run()
            while heard and all(each.state in _AS_WANTED for each in progress.values()):
                heard.pause(pause)
                selection = replace(selection, full=frozenset())  # what was to begin anew has
                running = replace(running, graph=again(graph, spark), selection=selection)
                progress = running.run()
        except BaseException:
            if heard:
                running.progress.update(heard.stopped())
            raise
        finally:
            log.ended(running.progress, spark)
            left = set(place.known()) - set(stored)
            place.remember([*stored, *left_over(spark, left, spec.name)])
    return progress


def explain(
    graph: PipelineGraph, spark: SparkSession, place: PipelinePlaces, request: Request
) -> tuple[Explained, ...]:
    """Return what an update would do with each dataset, and why; nothing is written.

    Raises:
        DefinitionError: the pipeline cannot run, or the request names what is not there.
    """
    selection = select(checked(graph), request)
    with configured(spark, graph.spec.configuration):
        return explained(graph, spark, HadoopFolder(spark, place.storage), selection)


def preview(graph: PipelineGraph, spark: SparkSession, name: str, n: int) -> DataFrame:
    """Return some rows of a dataset as they would be now; nothing is written.

    Args:
        graph: the pipeline.
        spark: the session.
        name: of the dataset.
        n: most rows.

    Raises:
        UsageError: there is no such dataset.
        DefinitionError: it, or what it reads, is wrong.
    """
    found = graph.datasets.get(graph.naming.key(name) or "")
    if found is None:
        if graph.naming.key(name) in graph.broken:
            checked(graph)
        known = [each.dataset.name for each in graph.datasets.values()]
        known += [each.dataset.name for each in graph.broken.values()]
        raise UsageError(f"there is no dataset {name}{hint(name, known)}")
    with configured(spark, graph.spec.configuration):
        return PreviewInputs(graph, spark).rows(found).limit(n)


def again(graph: PipelineGraph, spark: SparkSession, full: Collection[str] = ()) -> PipelineGraph:
    """Resolve a pipeline anew from the same declarations: what it reads may have changed.

    Args:
        graph: the pipeline.
        spark: resolves its queries.
        full: keys of datasets that begin anew.

    Raises:
        DefinitionError: it does not fit together any more.
    """
    datasets = tuple(each.dataset for each in graph.datasets.values())
    flows = tuple(flow.flow for each in graph.datasets.values() for flow in each.flows)
    declared = Declared(datasets, flows)
    return checked(analyse(declared, graph.spec, spark, schemas=graph.schemas, anew=full))


def left_code(graph: PipelineGraph, spark: SparkSession, place: PipelinePlaces) -> dict[str, str]:
    """Return what to say of each dataset that is in the code no more while its table is there."""
    stored = {each.key for each in graph.stored()}
    left = left_over(spark, set(place.known()) - stored, graph.spec.name)
    names = {key: graph.naming.written(key) for key in left}
    return {
        name: f"{name} is in the code no more; its table stays as it was at its last update: "
        f"DROP TABLE {of_two_levels(name)} removes it"
        for key, name in names.items()
    }


def left_over(spark: SparkSession, keys: set[str], pipeline: str) -> list[str]:
    """Return those of some datasets whose tables are still there, and the pipeline's."""
    found = []
    for key in sorted(keys):
        try:
            state = tables.state_of(spark, key)
        except UsageError:  # somebody has made something else of that name
            continue
        if state is not None and state.owner == pipeline:
            found.append(key)
    return found
