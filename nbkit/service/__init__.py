"""The service: Databricks' REST API and pages, as an extension of Jupyter's server."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Tell Jupyter's server what to load."""
    return [{"module": "nbkit.service"}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    """Make a server serve its project."""
    from nbkit.service.extension import load

    load(server)
