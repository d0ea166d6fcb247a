"""The Python API of declarative pipelines: the same manners as that of jobs.

An update is a run with one task, `update`, so `nbkit.show`, `nbkit.repair` and the report know it.
Whatever else is asked of a pipeline is asked in this process, with its project's Spark.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbkit.api.given import texts
from nbkit.api.recorded import Run
from nbkit.api.running import run as run_job
from nbkit.errors import DefinitionError, UsageError
from nbkit.graph.address import Address
from nbkit.on_disk import is_there, kind
from nbkit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.api.running import Show
    from nbkit.errors import Problem
    from nbkit.pipelines.declare.spec import Spec
    from nbkit.pipelines.place import PipelinePlaces
    from nbkit.pipelines.resolve.graph import PipelineGraph
    from nbkit.pipelines.tell.explained import Explained
    from nbkit.pipelines.tell.shown import Shown

__all__ = ["Dataset", "Graph", "Update", "events", "explain", "graph", "preview", "run", "validate"]

_TASK = "update"


class Update(Run):
    """The run of a pipeline's update, with everything that is on record about it."""

    __slots__ = ()

    @property
    def datasets(self) -> dict[str, dict[str, Any]]:
        """What became of each dataset, by its name: `type`, `state`, `rows`, `message` and more."""
        told = self._last().get("datasets", [])
        return {each["id"]: each for each in told}

    @property
    def invalid(self) -> bool:
        """Whether the pipeline itself is wrong: that was found before anything was written."""
        error: str = self._last().get("failure", {}).get("error", "")
        return error == DefinitionError.__name__

    def _last(self) -> dict[str, Any]:
        attempts = self.tasks[_TASK]["attempts"]
        return dict(attempts[-1]) if attempts else {}


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset of a pipeline, resolved.

    Attributes:
        name: its whole name; views have no schema.
        type: `materialized_view`, `streaming_table`, `temporary_view` or `sink`.
        reads: names of the datasets that it reads.
        schema: its columns as Spark writes them, `struct<id:bigint>`; empty for a sink.
        defined_at: file and line.
        lineage: by column, what it is made of, and under `*` what decides which rows there are;
            None where it was not asked for.
    """

    name: str
    type: str
    reads: tuple[str, ...]
    schema: str
    defined_at: str
    lineage: Mapping[str, Sequence[Mapping[str, Any]]] | None = None

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON."""
        data = {
            "name": self.name,
            "type": self.type,
            "reads": list(self.reads),
            "schema": self.schema,
            "defined_at": self.defined_at,
        }
        return data if self.lineage is None else {**data, "lineage": self.lineage}


@dataclass(frozen=True, slots=True)
class Graph:
    """A pipeline, resolved and type-checked; a notebook shows it as a drawing.

    Attributes:
        name: of the pipeline.
        datasets: each after all that it reads.
        problems: what is wrong; with an error among them, it cannot run.
    """

    name: str
    datasets: tuple[Dataset, ...]
    problems: tuple[Problem, ...]
    _drawing: Shown = field(repr=False, compare=False)

    @property
    def valid(self) -> bool:
        """Whether it can run."""
        return not any(problem.severity == "error" for problem in self.problems)

    def _repr_html_(self) -> str:
        return self._drawing._repr_html_()


def run(
    pipeline: str | Path,
    *,
    refresh: Sequence[str] | None = None,
    full_refresh: Sequence[str] = (),
    full_refresh_all: bool = False,
    parameters: Mapping[str, object] | None = None,
    lineage: str | Path | None = None,
    show: Show = "live",
    keep: bool | None = None,
    settings: Settings | None = None,
) -> Update:
    """Update a pipeline, as a run with one task, and wait for its end; Ctrl-C cancels it.

    Args:
        pipeline: `spark-pipeline.yml`, its folder, `FILE:key` of a bundle, or one source file.
        refresh: names of the datasets to refresh, `b+` with all that reads it; None for all.
        full_refresh: names of datasets to begin anew.
        full_refresh_all: begin all datasets anew.
        parameters: above the pipeline's own `configuration`; values are handed over as text.
        lineage: append OpenLineage events to this file.
        show: progress on standard error: `live`, `quiet` (failures and the end) or `nothing`.
        keep: leave Spark ready for the next run (`keep_minutes` under `[spark]`); by default if
            standard error is a terminal.
        settings: of the project; by default those of the project that the pipeline's file is in.

    Raises:
        NbkitError: the update could not begin. One that fails is returned, not raised, also where
            the sources turn out to be wrong (`Update.invalid`).
    """
    from nbkit.pipelines.tell.lineage_events import FILE, client_of

    spec, settings = _spec(pipeline), settings or _project_of(pipeline)
    given = texts(parameters)
    if lineage is not None:
        given[FILE] = str(Path(lineage).resolve())
        client_of(settings, given[FILE])  # says now, and not in the kernel, that it is missing
    task = update_task(
        _absolute(pipeline),
        refresh=refresh,
        full_refresh=full_refresh,
        full_refresh_all=full_refresh_all,
        parameters=given,
    )
    job = _job_file(spec, settings, task)
    ran = run_job(job, show=show, keep=keep, settings=settings)
    return Update(ran.record, ran.root, ran.directory)


def update_task(
    address: str,
    *,
    refresh: Sequence[str] | None = None,
    full_refresh: Sequence[str] = (),
    full_refresh_all: bool = False,
    parameters: Mapping[str, str] | None = None,
    **others: Sequence[str],
) -> dict[str, Any]:
    """Return the one task of a run that updates a pipeline, as the Jobs API spells it.

    Args:
        address: of the pipeline, as it is from the project's folder.
        refresh: as `run` takes it.
        full_refresh: as `run` takes it.
        full_refresh_all: as `run` takes it.
        parameters: as `run` takes them, as text.
        others: further fields of the task.

    Raises:
        UsageError: what is chosen excludes each other.
    """
    chosen = None if refresh is None else _names(refresh, "refresh")
    anew = _names(full_refresh, "full_refresh")
    if full_refresh_all and (anew or chosen is not None):
        raise UsageError("a full refresh of all leaves nothing to choose")
    if chosen == []:
        raise UsageError("refresh names no dataset; without it all are refreshed")
    block = {
        "pipeline_id": address,
        "full_refresh": full_refresh_all,
        "full_refresh_selection": anew,
        "refresh_selection": chosen,
        "parameters": dict(parameters or {}),
        **{name: list(given) for name, given in others.items()},
    }
    given_fields = {name: value for name, value in block.items() if value}
    return {"task_key": _TASK, "pipeline_task": given_fields}


def validate(pipeline: str | Path, *, settings: Settings | None = None) -> tuple[Problem, ...]:
    """Return everything wrong with a pipeline; it is resolved, nothing is run and no data read.

    Args:
        pipeline: as `run` takes it.
        settings: of the project; by default those of the project that the pipeline's file is in.

    Raises:
        NbkitError: there is no such pipeline, or no Spark to resolve it with.
    """
    try:
        return graph(pipeline, settings=settings).problems
    except DefinitionError as error:
        return error.problems


def graph(
    pipeline: str | Path, *, lineage: bool = False, settings: Settings | None = None
) -> Graph:
    """Return a pipeline as it is resolved, with what is wrong; nothing is run and no data read.

    Args:
        pipeline: as `run` takes it.
        lineage: say of each column what it is made of.
        settings: of the project; by default those of the project that the pipeline's file is in.

    Raises:
        DefinitionError: its settings are wrong, so that nobody knows its sources.
        NbkitError: there is no such pipeline, or no Spark to resolve it with.
    """
    from nbkit.pipelines.tell.lineage_events import dataset_lineage
    from nbkit.pipelines.tell.shown import graph_shown

    _, resolved, _ = _resolved(pipeline, settings)
    datasets = tuple(
        Dataset(
            each.name,
            each.kind,
            tuple(resolved.naming.written(key) for key in each.parents),
            "" if each.columns is None else each.columns.simpleString(),
            str(each.dataset.place),
            dataset_lineage(each).as_data() if lineage else None,
        )
        for each in resolved.datasets.values()
    )
    return Graph(resolved.spec.name, datasets, resolved.problems, graph_shown(resolved, {}))


def explain(
    pipeline: str | Path,
    *,
    refresh: Sequence[str] | None = None,
    full_refresh: Sequence[str] = (),
    full_refresh_all: bool = False,
    settings: Settings | None = None,
) -> tuple[Explained, ...]:
    """Return how an update would refresh each dataset, why, and what it would cost.

    Of a view it says what stands in the way of refreshing it by what has changed. Nothing is run
    and nothing written; what a dataset's turn brings may be something else, where others that it
    reads are refreshed before (`Explained.after`).

    Args:
        pipeline: as `run` takes it.
        refresh: as `run` takes it.
        full_refresh: as `run` takes it.
        full_refresh_all: as `run` takes it.
        settings: of the project; by default those of the project that the pipeline's file is in.

    Raises:
        DefinitionError: it cannot run, or there is no dataset of such a name.
        NbkitError: there is no such pipeline, or no Spark to resolve it with.
    """
    from nbkit.pipelines.refresh.plan import Request
    from nbkit.pipelines.updating import explain as explained

    chosen = None if refresh is None else tuple(_names(refresh, "refresh"))
    request = Request(chosen, tuple(_names(full_refresh, "full_refresh")), full_refresh_all)
    spark, resolved, place = _resolved(pipeline, settings)
    return explained(resolved, spark, place, request)


def preview(
    pipeline: str | Path, dataset: str, n: int = 20, *, settings: Settings | None = None
) -> DataFrame:
    """Return some rows of a dataset as they would be now; nothing is written.

    Args:
        pipeline: as `run` takes it.
        dataset: its name.
        n: most rows.
        settings: of the project; by default those of the project that the pipeline's file is in.

    Raises:
        DefinitionError: the dataset, or what it reads, is wrong.
        NbkitError: there is no such pipeline or dataset, or no Spark.
    """
    from nbkit.pipelines.updating import preview as previewed

    spark, resolved, _ = _resolved(pipeline, settings)
    return previewed(resolved, spark, dataset, n)


def events(
    pipeline: str | Path, *, limit: int = 100, settings: Settings | None = None
) -> list[dict[str, Any]]:
    """Return the newest events of a pipeline's updates, the oldest of them first.

    Args:
        pipeline: as `run` takes it.
        limit: how many at most.
        settings: of the project; by default those of the project that the pipeline's file is in.

    Raises:
        DefinitionError: its settings are wrong.
        NbkitError: there is no such pipeline, or no Spark to read the event log with.
    """
    from nbkit.pipelines.tell.event_log import newest

    project = settings or _project_of(pipeline)
    folder = _place(_spec(pipeline), project).folder
    return newest(folder, limit, lambda: _spark(project))


def _names(given: Sequence[str], what: str) -> list[str]:
    if isinstance(given, str):
        raise UsageError(f"{what} is a list of names: [{given!r}]")
    return list(given)


def _spec(pipeline: str | Path) -> Spec:
    from nbkit.pipelines.declare.spec import read_spec

    return read_spec(pipeline)


def _place(spec: Spec, settings: Settings) -> PipelinePlaces:
    from nbkit.pipelines.place import PipelinePlaces

    return PipelinePlaces.of(spec, settings.state_directory)


def _spark(settings: Settings) -> SparkSession:
    from nbkit.toolkit.session import session

    return session.of_project(settings.root)


def _resolved(
    pipeline: str | Path, settings: Settings | None
) -> tuple[SparkSession, PipelineGraph, PipelinePlaces]:
    from nbkit.pipelines.updating import resolve

    spec, settings = _spec(pipeline), settings or _project_of(pipeline)
    spark, place = _spark(settings), _place(spec, settings)
    return spark, resolve(spec, spark, place), place


def _located(pipeline: str | Path) -> tuple[Address, Path, str | None]:
    address = Address.parse(str(pipeline))
    file, key = address.split(lambda name: is_there(Path(name)))
    return address, Path(file), key


def _project_of(pipeline: str | Path) -> Settings:
    """Return the settings of the project that a pipeline's file is in."""
    _, file, _ = _located(pipeline)
    return Settings.of(file if kind(file) == "folder" else file.parent)


def _absolute(pipeline: str | Path) -> str:
    """Return the address of a pipeline as it is from anywhere."""
    address, file, key = _located(pipeline)
    place = f"{file.resolve()}:{key}" if key else str(file.resolve())
    return str(Address(place, address.target, address.variables))


def _job_file(spec: Spec, settings: Settings, task: dict[str, Any]) -> Path:
    """Write the job of one task that updates a pipeline; a repair finds it there again."""
    from nbkit.whole_file import write_atomically

    job = {"name": spec.name, "tasks": [task]}
    path = _place(spec, settings).folder / "job.json"
    write_atomically(path, json.dumps(job, indent=2).encode())
    return path
