"""The command that leaves a project running: serve."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer


def serve(
    port: Annotated[
        int | None, typer.Option(help="To listen on; 0 for any that is free. By default 8787.")
    ] = None,
    ip: Annotated[
        str, typer.Option(help="Address to listen on: whoever has the token runs code here.")
    ] = "127.0.0.1",
    print_profile: Annotated[
        bool, typer.Option("--print-profile", help="Print what .databrickscfg needs, and end.")
    ] = False,
) -> None:
    """Serve this project: Databricks' clients drive its jobs, people see them at /nbkit.

    Jobs run as the person who starts this. JupyterLab serves the project it is started in as well.
    """
    from nbkit.service.credentials import DEFAULT_PORT, profile, url_of
    from nbkit.settings import Settings

    settings = Settings.of()
    port = DEFAULT_PORT if port is None else port
    if print_profile:
        typer.echo(profile(settings, url_of(ip, port)), nl=False)
        return
    from nbkit.service.headless import serve as serve_until_stopped

    serve_until_stopped(settings, ip=ip, port=port, tell=partial(typer.echo, err=True))
