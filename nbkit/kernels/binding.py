"""The first code that a kernel runs: it becomes the one of an attempt."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.wire import Context

_BIND = """
import os, tempfile, time
os.chdir(context["directory"])
for name, value in context["env"].items():
    if "{{secrets/" not in value and os.environ.get(name) != value:
        os.environ[name] = value
tempfile.tempdir = None
getattr(time, "tzset", bool)()
try:
    from nbkit.toolkit.startup import bind
except ModuleNotFoundError as error:
    if not str(error.name).startswith("nbkit"):
        raise
else:
    bind(context)
"""
"""Run in the kernel before the first cell; a kernel of another environment may lack nbkit."""


def binding(context: Context) -> str:
    """Return the code that binds a kernel to an attempt."""
    return f"exec({_BIND!r}, {{'context': __import__('json').loads({json.dumps(context)!r})}})"


def plain(env: Mapping[str, str]) -> dict[str, str]:
    """Leave out what refers to secrets: only the kernel itself looks them up, when it is bound."""
    return {name: value for name, value in env.items() if "{{secrets/" not in value}
