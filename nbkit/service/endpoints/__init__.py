"""What the service answers; each module signs its functions up in `nbkit.service.routes`."""

from __future__ import annotations

from nbkit.service.endpoints import (
    constant,
    dbfs,
    files,
    jobs,
    permissions,
    pipelines,
    runs,
    secrets,
    workspace,
)

__all__ = [
    "constant",
    "dbfs",
    "files",
    "jobs",
    "permissions",
    "pipelines",
    "runs",
    "secrets",
    "workspace",
]
