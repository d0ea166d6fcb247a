"""Commands about the project's Spark driver: start, stop, status, its pages."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer

from nbkit.cli import options
from nbkit.cli.browser import open_in_browser
from nbkit.cli.streams import print_document

if TYPE_CHECKING:
    from collections.abc import Mapping

commands = typer.Typer(help="Keep the project's Spark driver warm.", no_args_is_help=True)


@commands.command()
def start() -> None:
    """Start the driver, or keep the running one, until `nbkit driver stop`."""
    from nbkit.app.driver import keep_warm
    from nbkit.settings import Settings

    _show(keep_warm(Settings.of()))


@commands.command()
def stop() -> None:
    """Stop the driver; Spark work that still runs on it is cancelled."""
    from nbkit.app.driver import let_go
    from nbkit.settings import Settings

    stopped = let_go(Settings.of())
    typer.echo("the driver is stopped" if stopped else "no driver was running", err=True)


@commands.command()
def status(as_json: options.Json = False) -> None:
    """Say whether a driver runs, since when, and who uses it."""
    from nbkit.settings import Settings
    from nbkit.spark import control

    found = control.status(Settings.of())
    if as_json:
        print_document(found)
    else:
        _show(found)


@commands.command()
def ui(no_open: options.NoOpen = False) -> None:
    """Print the address of Spark's own pages, and open them if this is a terminal.

    Whoever has the address can see and end what Spark does: it goes with the driver.
    """
    from nbkit.settings import Settings
    from nbkit.spark import control

    address = control.pages(Settings.of())
    typer.echo(address)
    if sys.stdout.isatty() and not no_open:
        open_in_browser(address)


def _show(found: Mapping[str, Any]) -> None:
    from nbkit.report.wording import duration, moment

    said = dict(found)
    if said.get("started") is not None:
        said["started"] = moment(round(1000 * said["started"]))
    left = said.pop("ends_in", None)
    if left is not None:
        said["ends"] = f"in {duration(round(1000 * left)) or '0 s'}, unless somebody uses it"
    elif "pid" in said:
        said["ends"] = "at `nbkit driver stop`" if said["keep"] else "some time after its last user"
    for name, value in said.items():
        typer.echo(f"{name:10} {value}", err=True)
