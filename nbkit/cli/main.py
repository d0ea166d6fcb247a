"""The program `nbkit`."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nbkit.cli import (
    definitions,
    deployed,
    driver,
    exit_status,
    history,
    jobs,
    machine,
    new_project,
    nodes,
    pipeline,
    planned,
    serving,
    streams,
)
from nbkit.errors import DefinitionError, NbkitError
from nbkit.on_disk import PathError, cause, kind

if TYPE_CHECKING:
    from collections.abc import Callable

program = typer.Typer(
    name="nbkit",
    help="Run Databricks-style notebook jobs in plain Jupyter.",
    epilog="Exit status: "
    + "; ".join(f"{status}: {meaning}" for status, meaning in exit_status.MEANING.items()),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_UNNEEDED = ("rfc3987_syntax", "pyarrow.fs")
"""Slow imports that no command needs: a grammar of IRIs, by which jsonschema would check some
that no notebook has, and papermill's way to notebooks on HDFS."""

_OF_STREAMS = frozenset({errno.ENOSPC, errno.EIO, errno.EDQUOT})

_COMMANDS: tuple[Callable[..., None], ...] = (
    jobs.run,
    jobs.validate,
    jobs.explain,
    definitions.export,
    definitions.schema,
    jobs.repair,
    history.runs,
    history.show,
    history.cancel,
    history.review,
    history.diff,
    planned.jobs,
    deployed.deploy,
    deployed.undeploy,
    deployed.pause,
    deployed.resume,
    deployed.backfill,
    serving.serve,
    nodes.work,
    nodes.gc,
    machine.doctor,
    new_project.init,
)
for command in _COMMANDS:
    program.command()(command)
program.add_typer(driver.commands, name="driver")
program.add_typer(pipeline.commands, name="pipeline")
program.add_typer(machine.kernel_commands, name="kernel")


@program.callback(invoke_without_command=True)
def _version(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
    project: Annotated[
        Path | None,
        typer.Option("--project", "-C", help="As if called in this folder, or beside this file."),
    ] = None,
) -> None:
    if project is not None:
        _go_to(project)
    if version:
        from nbkit import __version__

        typer.echo(__version__)
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def _go_to(project: Path) -> None:
    folder = project if kind(project) == "folder" else project.parent
    try:
        os.chdir(folder)
    except (OSError, ValueError) as error:
        raise PathError(cause(error, folder)) from None


def main() -> None:
    """Run the command line; a mistake of the person gets a message, never a traceback."""
    for name in _UNNEEDED:  # what is None here counts as not installed
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    if not sys.warnoptions:  # what libraries say to programmers is nothing for the terminal
        warnings.simplefilter("ignore")
    streams.make_sound()
    sys.exit(streams.finished(_status()))


def _status() -> int:
    try:
        program()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else exit_status.SUCCEEDED
    except NbkitError as error:
        _tell(error)
        return error.exit_status
    except KeyboardInterrupt:
        return exit_status.CANCELED
    except BrokenPipeError:  # `nbkit runs | head`
        return exit_status.FAILED
    except OSError as error:  # of a path, wherever it is met: a full disk, a missing right
        place = "standard output" if error.errno in _OF_STREAMS and not error.filename else ""
        typer.echo(f"nbkit: {cause(error, place)}", err=True)
        return exit_status.SETUP
    return exit_status.SUCCEEDED


def _tell(error: NbkitError) -> None:
    if isinstance(error, DefinitionError) and error.source:
        from nbkit.report import tables
        from nbkit.report.consoles import error_console

        tables.print_problems(error.problems, error.source, error_console())
    else:
        typer.echo(f"nbkit: {error}", err=True)
