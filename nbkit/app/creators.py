"""Who asks for a run, where nobody says it."""

from __future__ import annotations

import getpass
import os


def user() -> str:
    """Return the name of the user whom this process belongs to; its number if it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
