"""Commands about this machine: doctor, and the Jupyter kernel."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import astuple
from pathlib import Path
from typing import Annotated

import typer

from nbkit.cli import exit_status

kernel_commands = typer.Typer(help='The Jupyter kernel "Python (nbkit)".', no_args_is_help=True)


def doctor(
    fix: Annotated[
        bool, typer.Option("--fix", help="Fetch the jars and build the class-data archive.")
    ] = False,
    pack: Annotated[
        Path | None,
        typer.Option("--pack", help="Copy the jars to a folder, for a machine without a network."),
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="Take the jars from such a folder; then --fix.")
    ] = None,
    patches: Annotated[
        bool,
        typer.Option("--patches", help="List what nbkit changes in other libraries, and why."),
    ] = False,
) -> None:
    """Check Java, jars, kernels and folders, and say what to do."""
    from nbkit.report import tables

    if patches:
        from nbkit.cli.patches import every_change

        tables.print_changes(astuple(each) for each in every_change())
        return
    from nbkit.report.consoles import error_console
    from nbkit.settings import Settings
    from nbkit.spark import checks, jars

    settings = Settings.of()
    if source is not None:
        jars.unpack(source)
    if fix or source is not None:
        for step, act in checks.preparation(settings):
            with error_console().status(step) if step else nullcontext():
                act()
    if pack is not None:
        jars.pack(pack)
        typer.echo(f"the jars are in {pack}: `nbkit doctor --from {pack}` takes them", err=True)
    found = checks.run(settings)
    tables.print_checks(found)
    if not all(check.ok for check in found):
        raise typer.Exit(exit_status.SETUP)


@kernel_commands.command()
def install(
    user: Annotated[
        bool, typer.Option("--user", help="For this user, not only this Python environment.")
    ] = False,
) -> None:
    """Add the kernel to Jupyter."""
    from nbkit.toolkit import kernelspec

    typer.echo(f"installed {kernelspec.install_kernelspec(user=user)}", err=True)


@kernel_commands.command()
def remove() -> None:
    """Take the kernel away from Jupyter."""
    from nbkit.toolkit import kernelspec

    typer.echo(f"removed {kernelspec.remove_kernelspec()}", err=True)
