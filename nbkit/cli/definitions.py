"""Commands about definitions as documents: schema and export."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from nbkit.cli import options
from nbkit.cli.streams import print_document


class Format(StrEnum):
    """What a job is written as."""

    YAML = "yaml"
    JSON = "json"


def schema() -> None:
    """Print the JSON Schema of a job, for editors."""
    from nbkit import api

    print_document(api.schema())


def export(
    job: options.Job,
    format_: Annotated[
        Format,
        typer.Option("--format", help="A bundle in YAML, or settings in JSON for the Jobs API."),
    ] = Format.YAML,
    target: options.Target = None,
    var: options.Variables = None,
) -> None:
    """Print a job for Databricks, with its variables replaced."""
    from nbkit import api

    given = options.variables(var)
    typer.echo(api.export(job, format_.value, target=target, variables=given), nl=False)
    for problem in api.validate(job, target=target, variables=given):
        if problem.severity != "note":
            typer.echo(f"nbkit: {problem}", err=True)
