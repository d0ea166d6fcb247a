"""The token of a project's own server, and what a client needs to reach it."""

from __future__ import annotations

import os
import secrets
import stat
from typing import TYPE_CHECKING

from nbkit.errors import UsageError
from nbkit.on_disk import shown

if TYPE_CHECKING:
    from pathlib import Path

    from nbkit.settings import Settings

TOKEN_FILE = "service-token"  # noqa: S105 - a name
DEFAULT_PORT = 8787
PROFILE = "nbkit"


def token_of(settings: Settings) -> str:
    """Return the token of a project's server, made when it is first asked for.

    Raises:
        UsageError: others can read its file, or there is no token in it.
        OSError: it cannot be written.
    """
    from nbkit.spark.discovery import make_state_directory

    make_state_directory(settings)
    file = settings.state_directory / TOKEN_FILE
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return _kept(file)
    with os.fdopen(descriptor, "w") as out:
        made = secrets.token_hex(24)
        out.write(f"{made}\n")
    return made


def profile(settings: Settings, url: str) -> str:
    """Return a section of `.databrickscfg` for a server."""
    return f"[{PROFILE}]\nhost  = {url}\ntoken = {token_of(settings)}\n"


def url_of(ip: str, port: int) -> str:
    """Return the address of a server that listens on `ip`; on this machine, if that is any."""
    host = "127.0.0.1" if ip in ("", "*", "0.0.0.0", "::", "localhost") else ip  # noqa: S104 - compared
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _kept(file: Path) -> str:
    if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise UsageError(f"Others can read {shown(file)}: run `chmod 600 {shown(file)}`")
    token = file.read_text(encoding="utf-8").strip()
    if not token:
        raise UsageError(f"{shown(file)} is empty: remove it, and a token is made anew")
    return token
