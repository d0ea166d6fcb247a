"""nbkit: run Databricks-style notebook jobs in plain Jupyter."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "Run": "nbkit.api",
    "exit": "nbkit.toolkit.notebook",
    "fail": "nbkit.guard.failed",
    "job": "nbkit.ui.widget",
    "load_ipython_extension": "nbkit.toolkit.startup",
    "parameters": "nbkit.toolkit.parameters",
    "pipeline": "nbkit.pipelines.in_notebook",
    "repair": "nbkit.api",
    "run": "nbkit.api",
    "runs": "nbkit.api",
    "show": "nbkit.api",
    "step": "nbkit.guard.step",
    "validate": "nbkit.api",
    "widgets": "nbkit.toolkit.widgets_below",
}
"""Public names and the modules they live in, imported when they are first used."""

_ROOMS = ("api", "quality")
"""Rooms that are used by their name."""


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"nbkit.{name}")
    raise AttributeError(f"module 'nbkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC, *_ROOMS])
