"""For tests: the fakes of nbkit's own tests, and a pytest plugin that runs one's notebooks.

`from nbkit.testing import FakeClock`; the plugin's fixture is `notebook`, see `plugin.py`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbkit.testing.fakes import FAILS as FAILS
    from nbkit.testing.fakes import HANGS as HANGS
    from nbkit.testing.fakes import FakeClock as FakeClock
    from nbkit.testing.fakes import MemoryLedger as MemoryLedger
    from nbkit.testing.fakes import Scripted as Scripted
    from nbkit.testing.fakes import ScriptedTasks as ScriptedTasks
    from nbkit.testing.result import NotebookFailedError as NotebookFailedError
    from nbkit.testing.result import NotebookResult as NotebookResult
    from nbkit.testing.runner import NotebookRunner as NotebookRunner

_PUBLIC = {
    **dict.fromkeys(
        ("FAILS", "HANGS", "FakeClock", "MemoryLedger", "Scripted", "ScriptedTasks"),
        "nbkit.testing.fakes",
    ),
    "NotebookFailedError": "nbkit.testing.result",
    "NotebookResult": "nbkit.testing.result",
    "NotebookRunner": "nbkit.testing.runner",
}
"""Public names and their modules, imported at their first use: pytest imports this everywhere."""


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'nbkit.testing' has no attribute {name!r}")
