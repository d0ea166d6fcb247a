"""Paths of Databricks in `sys.path`: modules are looked for where they lead on this machine."""

from __future__ import annotations

import pkgutil
import sys
from typing import TYPE_CHECKING

from nbkit.toolkit.python_files import real_path

if TYPE_CHECKING:
    from importlib.abc import PathEntryFinder


def offer() -> None:
    """Let `sys.path` have such paths; doing it again changes nothing."""
    if _found_elsewhere not in sys.path_hooks:
        sys.path_hooks.insert(0, _found_elsewhere)


def _found_elsewhere(entry: str) -> PathEntryFinder:
    """Return what finds modules in a folder that is called otherwise here.

    Raises:
        ImportError: it is called the same, or is not there (the protocol of `sys.path_hooks`).
    """
    real = real_path(entry)
    finder = None if real == entry else pkgutil.get_importer(real)
    if finder is None:
        raise ImportError(entry)
    return finder  # type: ignore[return-value]
