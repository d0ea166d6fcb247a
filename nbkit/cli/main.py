"""The program `nbkit`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from nbkit.cli import (
    definitions,
    driver,
    exit_status,
    history,
    jobs,
    machine,
    new_project,
    pipeline,
)
from nbkit.errors import DefinitionError, NbkitError

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
    version: bool = typer.Option(False, "--version", help="Show the version and exit."),
) -> None:
    if version:
        from nbkit import __version__

        typer.echo(__version__)
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def main() -> None:
    """Run the command line; a mistake of the person gets a message, never a traceback."""
    for name in _UNNEEDED:  # what is None here counts as not installed
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    try:
        program()
    except NbkitError as error:
        _tell(error)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.exit(exit_status.CANCELED)
    except BrokenPipeError:  # `nbkit runs | head`
        sys.stderr.close()
        sys.exit(exit_status.FAILED)


def _tell(error: NbkitError) -> None:
    if isinstance(error, DefinitionError) and error.source:
        from nbkit.report import tables
        from nbkit.report.terminal import error_console

        tables.print_problems(error.problems, error.source, error_console())
    else:
        typer.echo(f"nbkit: {error}", err=True)
