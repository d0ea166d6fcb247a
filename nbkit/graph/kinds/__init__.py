"""Task types, one file each: to add one, write a file with a `TaskKind` here.

The model of tasks, the checks, the rules, the work and the reports all read what it says.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from nbkit.graph.kinds.kind import TaskKind

__all__ = ["KINDS", "SUPPORTED", "words"]


def _found() -> dict[str, TaskKind[Any]]:
    """Return every type there is, by its name; those that run here come first."""
    found: dict[str, TaskKind[Any]] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda each: each.name):
        values = vars(importlib.import_module(f"{__name__}.{module.name}")).values()
        for kind in (each for each in values if isinstance(each, TaskKind)):
            if found.setdefault(kind.name, kind) is not kind:
                raise TypeError(f"there are two task types {kind.name}")
    return dict(sorted(found.items(), key=lambda each: each[1].runs == "nobody"))


KINDS = _found()
"""Every task type, by its name."""

SUPPORTED = tuple(name for name, kind in KINDS.items() if kind.runs != "nobody")
"""Names of those that run here."""


def words(name: str) -> str:
    """Return a task type in a person's words: `condition_task` is an if/else."""
    return KINDS[name].words if name in KINDS else name.removesuffix("_task").replace("_", " ")
