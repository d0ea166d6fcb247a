"""Commands about declarative pipelines: run, validate, explain, events."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nbkit.cli import exit_status, options
from nbkit.cli.streams import print_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.api.pipelines import Dataset
    from nbkit.errors import Problem

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
    from nbkit.api import pipelines

    update = pipelines.run(
        pipeline,
        refresh=options.keys(refresh),
        full_refresh=options.keys(full_refresh) or [],
        full_refresh_all=full_refresh_all,
        lineage=lineage,
        show="quiet" if quiet else "live",
        keep=keep,
    )
    if as_json:
        print_document(update.record)
    if update.invalid:
        raise typer.Exit(exit_status.USAGE)
    raise typer.Exit(exit_status.of_result(update.result_state))


@commands.command()
def validate(
    pipeline: Pipeline = HERE,
    lineage: Annotated[
        bool, typer.Option("--lineage", help="Show what each column comes from.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Resolve and type-check a pipeline without reading data; say every problem at once."""
    from nbkit.api import pipelines
    from nbkit.errors import DefinitionError
    from nbkit.report import tables

    found: tuple[Problem, ...]
    datasets: tuple[Dataset, ...] = ()
    try:
        graph = pipelines.graph(pipeline, lineage=lineage)
        found, datasets = graph.problems, graph.datasets
    except DefinitionError as error:
        found = error.problems
    valid = not any(problem.severity == "error" for problem in found)
    if as_json:
        listed = [
            {"pointer": each.pointer, "message": each.message, "severity": each.severity}
            for each in found
        ]
        shown = [each.as_data() for each in datasets]
        print_document({"valid": valid, "problems": listed, "datasets": shown})
    else:
        for dataset in datasets:
            _tell(dataset)
        tables.print_problems(found, pipeline)
    raise typer.Exit(exit_status.SUCCEEDED if valid else exit_status.USAGE)


@commands.command()
def explain(
    pipeline: Pipeline = HERE,
    full_refresh: Annotated[
        str | None, typer.Option(help="As if these datasets began anew, separated by commas.")
    ] = None,
    full_refresh_all: Annotated[
        bool, typer.Option("--full-refresh-all", help="As if all datasets began anew.")
    ] = False,
    refresh: Annotated[
        str | None,
        typer.Option(help="These datasets only: a,b+ (b+ with all that reads it)."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Say how an update would refresh each dataset, and why; nothing is run."""
    from nbkit.api import pipelines

    told = pipelines.explain(
        pipeline,
        refresh=options.keys(refresh),
        full_refresh=options.keys(full_refresh) or [],
        full_refresh_all=full_refresh_all,
    )
    if as_json:
        print_document({"datasets": [each.as_data() for each in told]})
        return
    for each in told:
        for line in each.lines():
            typer.echo(line, err=True)


@commands.command()
def events(
    pipeline: Pipeline = HERE,
    limit: Annotated[int, typer.Option(help="Most events to show.")] = 100,
    as_json: options.Json = False,
) -> None:
    """Show the newest events of a pipeline's updates."""
    from nbkit.api import pipelines

    found = pipelines.events(pipeline, limit=limit)
    if as_json:
        print_document(found)
        return
    for event in found:
        level, kind = event["level"], event["event_type"]
        typer.echo(f"{event['timestamp']} {level:7} {kind:18} {event['message']}", err=True)


def _tell(dataset: Dataset) -> None:
    reads = f" ← {', '.join(dataset.reads)}" if dataset.reads else ""
    typer.echo(f"{dataset.name} ({dataset.type}){reads}", err=True)
    for column, origins in (dataset.lineage or {}).items():
        made = ", ".join(map(_told, origins)) or "made here"
        typer.echo(f"    {column} ← {made}", err=True)


def _told(origin: Mapping[str, Any]) -> str:
    ways = ", ".join(way["subtype"].lower() for way in origin["ways"])
    return f"{origin['dataset']}.{origin['column']} ({ways})"
