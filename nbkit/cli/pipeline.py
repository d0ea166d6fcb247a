"""Commands about declarative pipelines: run, validate, events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nbkit.cli import exit_status, options
from nbkit.cli.streams import print_document
from nbkit.on_disk import is_there, kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.errors import Problem
    from nbkit.pipelines.declare.spec import Spec
    from nbkit.settings import Settings

commands = typer.Typer(help="Update and check declarative pipelines.", no_args_is_help=True)

Pipeline = Annotated[
    str,
    typer.Argument(
        help="spark-pipeline.yml, its folder, FILE:key of a bundle, or one source file."
    ),
]
HERE = "."


@commands.command()
def run(
    pipeline: Pipeline = HERE,
    full_refresh: Annotated[
        str | None, typer.Option(help="Begin these datasets anew, separated by commas.")
    ] = None,
    full_refresh_all: Annotated[
        bool, typer.Option("--full-refresh-all", help="Begin all datasets anew.")
    ] = False,
    refresh: Annotated[
        str | None,
        typer.Option(help="Refresh these datasets only: a,b+ (b+ with all that reads it)."),
    ] = None,
    lineage: Annotated[
        Path | None, typer.Option(help="Append OpenLineage events to this file.")
    ] = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    keep: options.Keep = None,
) -> None:
    """Update a pipeline, as a run with one task, and wait for its end."""
    import os

    from nbkit import api
    from nbkit.errors import UsageError

    if full_refresh_all and (full_refresh or refresh):
        raise UsageError("--full-refresh-all leaves nothing to choose")
    spec, settings = _spec(pipeline), _project_of(pipeline)
    if lineage is not None:  # the kernel that updates it inherits this
        os.environ["NBKIT_LINEAGE_FILE"] = str(lineage.resolve())
        _need_openlineage(_project_of(pipeline))
    task = {
        "pipeline_id": _absolute(pipeline),
        "full_refresh": full_refresh_all,
        "full_refresh_selection": options.keys(full_refresh) or [],
        "refresh_selection": options.keys(refresh) or [],
    }
    job = _job_file(spec, settings, {name: value for name, value in task.items() if value})
    shown: api.Show = "quiet" if quiet else "live"
    finished = api.run(str(job), show=shown, keep=keep, settings=settings)
    if as_json:
        print_document(finished.record)
    error = finished.tasks["update"]["output"].get("error") or ""
    if error.startswith("DefinitionError"):  # found in the kernel, before anything was written
        raise typer.Exit(exit_status.USAGE)
    raise typer.Exit(exit_status.of_result(finished.result_state))


@commands.command()
def validate(
    pipeline: Pipeline = HERE,
    lineage: Annotated[
        bool, typer.Option("--lineage", help="Show what each column comes from.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Resolve and type-check a pipeline without reading data; say every problem at once."""
    from nbkit.errors import DefinitionError
    from nbkit.report import tables

    found: tuple[Problem, ...]
    datasets: list[dict[str, Any]] = []
    try:
        spec = _spec(pipeline)
        found, datasets = _resolved(spec, _project_of(pipeline), lineage=lineage)
    except DefinitionError as error:
        found = error.problems
    valid = not any(problem.severity == "error" for problem in found)
    if as_json:
        listed = [
            {"pointer": each.pointer, "message": each.message, "severity": each.severity}
            for each in found
        ]
        document = {"valid": valid, "problems": listed, "datasets": datasets}
        print_document(document)
    else:
        for dataset in datasets:
            reads = f" ← {', '.join(dataset['reads'])}" if dataset["reads"] else ""
            typer.echo(f"{dataset['name']} ({dataset['type']}){reads}", err=True)
            for column, origins in dataset.get("lineage", {}).items():
                typer.echo(
                    f"    {column} ← {', '.join(map(_told, origins)) or 'made here'}", err=True
                )
        tables.print_problems(found, pipeline)
    raise typer.Exit(exit_status.SUCCEEDED if valid else exit_status.USAGE)


@commands.command()
def events(
    pipeline: Pipeline = HERE,
    limit: Annotated[int, typer.Option(help="Most events to show.")] = 100,
    as_json: options.Json = False,
) -> None:
    """Show the newest events of a pipeline's updates."""
    from nbkit.pipelines.place import Place
    from nbkit.pipelines.tell.event_log import newest

    spec = _spec(pipeline)
    found = newest(Place.of(spec, _project_of(pipeline).state_directory).folder, limit)
    if as_json:
        print_document(found)
        return
    for event in found:
        level, kind = event["level"], event["event_type"]
        typer.echo(f"{event['timestamp']} {level:7} {kind:18} {event['message']}", err=True)


def _spec(pipeline: str) -> Spec:
    from nbkit.pipelines.declare.spec import read_spec

    return read_spec(pipeline)


def _project_of(pipeline: str) -> Settings:
    """Return the settings of the project that a pipeline's file is in."""
    from nbkit.graph.address import Address
    from nbkit.settings import Settings

    file, _ = Address.parse(pipeline).split(lambda name: is_there(Path(name)))
    return Settings.of(Path(file) if kind(Path(file)) == "folder" else Path(file).parent)


def _absolute(pipeline: str) -> str:
    """Return the address of a pipeline as it is from anywhere."""
    from nbkit.graph.address import Address

    address = Address.parse(pipeline)
    file, key = address.split(lambda name: is_there(Path(name)))
    place = f"{Path(file).resolve()}:{key}" if key else str(Path(file).resolve())
    return str(Address(place, address.target, address.variables))


def _job_file(spec: Spec, settings: Settings, task: dict[str, Any]) -> Path:
    """Write the job of one task that updates a pipeline; a repair finds it there again."""
    from nbkit.pipelines.place import Place
    from nbkit.whole_file import write_atomically

    folder = Place.of(spec, settings.state_directory).folder
    job = {
        "name": spec.name,
        "tasks": [{"task_key": "update", "pipeline_task": task}],
    }
    path = folder / "job.json"
    write_atomically(path, json.dumps(job, indent=2).encode())
    return path


def _need_openlineage(settings: Settings) -> None:
    """Say so now, and not in the kernel, if OpenLineage's client is missing."""
    from nbkit.pipelines.tell.lineage_events import client_of

    client_of(settings)


def _told(origin: Mapping[str, Any]) -> str:
    ways = ", ".join(way["subtype"].lower() for way in origin["ways"])
    return f"{origin['dataset']}.{origin['column']} ({ways})"


def _resolved(
    spec: Spec, settings: Settings, *, lineage: bool
) -> tuple[tuple[Problem, ...], list[dict[str, Any]]]:
    """Return what is wrong with a pipeline, and its datasets."""
    from nbkit.pipelines.place import Place
    from nbkit.pipelines.tell.lineage_events import dataset_lineage
    from nbkit.pipelines.whole import resolve
    from nbkit.toolkit.session import session

    session.project = settings.root
    spark = session.attach()
    assert spark is not None
    graph = resolve(spec, spark, Place.of(spec, settings.state_directory))
    datasets = [
        {
            "name": each.name,
            "type": each.kind,
            "reads": [graph.naming.written(key) for key in each.parents],
            "schema": "" if each.columns is None else each.columns.simpleString(),
            "defined_at": str(each.dataset.place),
            **({"lineage": dataset_lineage(each).as_data()} if lineage else {}),
        }
        for each in graph.datasets.values()
    ]
    return graph.problems, datasets
