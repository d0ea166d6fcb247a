"""A page in a browser, where there is one."""

from __future__ import annotations

import typer


def open_in_browser(address: str) -> None:
    """Open a page in a browser; where there is none, say so instead of an error."""
    import webbrowser

    try:
        opened = webbrowser.open(address)
    except (webbrowser.Error, OSError):
        opened = False
    if not opened:
        typer.echo("No browser is to be had here; open the page yourself.", err=True)
