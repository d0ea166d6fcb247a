"""Options that several commands share, and how their text is read."""

from __future__ import annotations

from typing import Annotated

import typer

from nbkit.errors import UsageError
from nbkit.on_disk import here

Job = Annotated[
    str,
    typer.Argument(
        help="A job file (.json, .yml, .yaml), FILE:job_key for one of several, or a notebook."
    ),
]
AnyJob = Annotated[
    str | None,
    typer.Argument(
        metavar="[JOB]",
        help="A job file (.json, .yml, .yaml), FILE:job_key for one of several, or a notebook; "
        "else the only job of this folder.",
    ),
]
RunId = Annotated[int, typer.Argument(help="A run's id, as `nbkit runs` lists them.")]
Parameters = Annotated[
    list[str] | None,
    typer.Option("-p", "--parameter", metavar="NAME=VALUE", help="A job parameter; repeatable."),
]
Target = Annotated[
    str | None, typer.Option("--target", "-t", help="A target of the bundle; else its default.")
]
Variables = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="A variable of the bundle; repeatable."),
]
Only = Annotated[
    str | None,
    typer.Option(
        "--only", help="These tasks only: a,+b,c+ (+b with all above it, c+ with all below)."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
NoOpen = Annotated[
    bool, typer.Option("--no-open", help="Print where the page is; open no browser.")
]
Keep = Annotated[
    bool | None,
    typer.Option(
        "--keep/--no-keep",
        help="Leave Spark ready for the next run; by default if a person waits at a terminal.",
        show_default=False,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show only failures and the end.")]
Strict = Annotated[bool, typer.Option("--strict", help="Treat warnings as errors.")]


def variables(given: list[str] | None) -> dict[str, str]:
    """Read the `NAME=VALUE` pairs of a bundle's variables, as `parameters` does."""
    return parameters(given, "--var", "a variable")


def parameters(
    given: list[str] | None, option: str = "-p", what: str = "a parameter"
) -> dict[str, str]:
    """Read `NAME=VALUE` pairs; the value may itself hold an equals sign.

    Raises:
        UsageError: a pair has no equals sign or no name, or a name comes twice.
    """
    found: dict[str, str] = {}
    for pair in given or []:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"{option} {pair}: {what} is given as NAME=VALUE")
        if name in found:
            raise UsageError(f"{option} {pair}: {name} is given twice")
        found[name] = value
    return found


def keys(given: str | None) -> list[str] | None:
    """Read a list of task keys separated by commas; None stays None."""
    return None if given is None else [key.strip() for key in given.split(",") if key.strip()]


def job_of(given: str | None) -> str:
    """Return the job that is meant; without a name the only one of the current folder.

    Raises:
        UsageError: there is none, or there are several.
    """
    if given is not None:
        return given
    from nbkit.app.located import only_job

    return only_job(here())
