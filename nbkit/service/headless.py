"""`nbkit serve`: Jupyter's server with nbkit's extension, and nothing that a person sees."""

from __future__ import annotations

import errno
import logging
import os
import socket
import sys
from typing import TYPE_CHECKING

from nbkit.errors import SetupError, UsageError
from nbkit.on_disk import cause, shown
from nbkit.service.credentials import token_of, url_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbkit.settings import Settings

_LARGEST_PORT = 65535


def serve(settings: Settings, *, ip: str, port: int, tell: Callable[[str], None]) -> None:
    """Serve a project until Ctrl-C or SIGTERM; the runs that go on then go on.

    Args:
        settings: of the project.
        ip: the address to listen on.
        port: 0 for any that is free.
        tell: is told what happens, in one line each.

    Raises:
        UsageError: the port is taken, or is none; or the token's file cannot be used.
    """
    token = token_of(settings)
    port = free_port(ip, port)
    from jupyter_server.serverapp import ServerApp

    app = ServerApp.instance(log_level=logging.WARNING)
    app.nbkit_tell = tell
    app.initialize(argv=_arguments(settings, ip, port, token), find_extensions=False)
    project = getattr(app, "nbkit", None)
    if project is None:
        raise SetupError("The server could not be set up.", "What it said above tells why.")
    url = url_of(ip, port) + app.base_url.rstrip("/")
    tell(f"nbkit serves {shown(settings.root)} at {url}; jobs run as {project.user}")
    tell("for clients: nbkit serve --print-profile >> ~/.databrickscfg")
    if sys.stderr.isatty():
        tell(f"in a browser: {url}/nbkit?token={token}")
    try:
        app.start()
    finally:
        project.close()
    tell("stopped; runs that were begun go on")


def free_port(ip: str, port: int) -> int:
    """Return a port that can be listened on: `port`, or for 0 any.

    Raises:
        UsageError: it is taken, or may not be used.
    """
    if not 0 <= port <= _LARGEST_PORT:
        raise UsageError(f"--port {port}: a port is a number from 1 to {_LARGEST_PORT}")
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    with socket.socket(family) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((ip, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                message = f"port {port} is in use: name another one with --port, or 0 for any"
                raise UsageError(message) from None
            raise UsageError(f"cannot listen on {ip} port {port}: {cause(error)}") from None
        return int(tried.getsockname()[1])


def _arguments(settings: Settings, ip: str, port: int, token: str) -> list[str]:
    """Return what makes Jupyter's server ours; its own settings, such as TLS, count as well."""
    root = ["--ServerApp.allow_root=True"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    return [
        *root,
        f"--ServerApp.ip={ip}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={settings.root}",
        "--ServerApp.open_browser=False",
        "--ServerApp.answer_yes=True",
        "--ServerApp.terminals_enabled=False",
        "--ServerApp.jpserver_extensions=nbkit.service=True",
        f"--IdentityProvider.token={token}",
    ]
