"""The extension of Jupyter's server: endpoints on the project that the server is started in."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING

from nbkit.errors import NbkitError

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

    from nbkit.service.project import Project

API = r"api/(\d\.\d)/(.*)"


def load(server: ServerApp) -> None:
    """Add nbkit's endpoints to a server, unless anybody could use them from anywhere."""
    from nbkit.settings import Settings

    try:
        settings = Settings.of(Path(server.root_dir))
    except NbkitError as error:
        server.log.warning("nbkit serves nothing here: %s", error)
        return
    if not is_loopback(server.ip) and not is_protected(server):
        server.log.error(
            "nbkit serves nothing here: the server listens on %s, and anybody may use it. "
            "Set a token or a password.",
            server.ip or "all addresses",
        )
        return
    from nbkit.service.project import Project
    from nbkit.service.shapes import pages_of

    home = Path(server.root_dir).resolve()
    project = Project(settings, base_path=server.base_url, home=home, log=server.log)
    server.nbkit = project
    add_handlers(server, project)
    project.start(
        getattr(server, "nbkit_tell", server.log.info),
        # asked when a run begins: by then the server knows its port
        lambda: "" if server.sock else pages_of(server.connection_url.rstrip("/")),
    )


def add_handlers(server: ServerApp, project: Project) -> None:
    """Let a server answer what nbkit serves."""
    import nbkit.service.endpoints  # noqa: F401 - they sign up
    from nbkit.service.handler import ApiHandler, DiscoveryHandler
    from nbkit.service.pages.handlers import ActHandler, FileHandler, PageHandler, StateHandler

    base, shared = server.base_url, {"project": project}
    handlers = [
        (f"{base}{API}", ApiHandler, shared),
        (f"{base}.well-known/databricks-config", DiscoveryHandler, shared),
        (f"{base}nbkit/?", PageHandler, shared),
        (f"{base}nbkit/(jobs|runs)/([0-9]{{1,15}})", PageHandler, shared),
        (
            f"{base}nbkit/state/(list|side|front|notebook|tables|table|upcoming)",
            StateHandler,
            shared,
        ),
        (f"{base}nbkit/state/(jobs|latest|runs|history)/([0-9]{{1,15}})", StateHandler, shared),
        (f"{base}nbkit/act", ActHandler, shared),
        (f"{base}nbkit/files/(.+)", FileHandler, shared),
    ]
    server.web_app.add_handlers(".*$", handlers)  # type: ignore[no-untyped-call]


def is_loopback(ip: str) -> bool:
    """Say whether only this machine reaches an address."""
    if ip == "localhost":
        return True
    try:
        return ipaddress.ip_address(ip).is_loopback
    except ValueError:
        return False


def is_protected(server: ServerApp) -> bool:
    """Say whether a server asks who one is."""
    return bool(server.identity_provider.auth_enabled)
