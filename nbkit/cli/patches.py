"""Every change that nbkit makes to other people's libraries, in one list."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbkit.replaced import Other, unlike

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.replaced import Replacement

_ROOMS = (
    "nbkit.dialect.door",
    "nbkit.toolkit.door",
    "nbkit.pipelines.files.reading",
    "nbkit.pipelines.files.outside",
    "nbkit.pipelines.declare.pyspark_names",
    "nbkit.spark.apart",
    "nbkit.cli.patches",
)
"""In the order in which a kernel puts them in place."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the list.

    Attributes:
        what: is replaced.
        why: in one sentence.
        of: the library and the versions that this was written for.
        undone: how it ends.
        unlike: how what is installed differs from what it was written for; empty where it does not.
    """

    what: str
    why: str
    of: str
    undone: str
    unlike: str = ""


def every_replacement() -> Iterator[Replacement]:
    """Yield what the rooms declare of functions that they replace."""
    for room in _ROOMS:
        yield from getattr(importlib.import_module(room), "REPLACED", ())


def every_other() -> Iterator[Other]:
    """Yield what the rooms declare of other changes."""
    for room in _ROOMS:
        yield from getattr(importlib.import_module(room), "OTHERS", ())


def every_change() -> list[Change]:
    """Return the whole list, in the order in which a kernel puts them in place."""
    functions = (
        Change(_called(each), each.why, each.of, _RESTORED, "; ".join(unlike(each)))
        for each in every_replacement()
    )
    others = (Change(each.what, each.why, each.of, each.undone) for each in every_other())
    return [*functions, *others]


def _called(each: Replacement) -> str:
    return f"{each.where}: {', '.join(each.names)}"


_RESTORED = "with nbkit.replaced.undone()"

OTHERS = (
    Other(
        "`sys.modules` of the command line: rfc3987_syntax and pyarrow.fs are not to be found",
        "slow imports that no command needs",
        "every version",
        "ends with the command",
    ),
    Other(
        "papermill's engines: one called `nbkit`",
        "`pm.execute_notebook(…, engine_name='nbkit')` runs in a kernel of nbkit's",
        "papermill 2.7",
        "papermill's own seam, an entry point of the package",
    ),
)
"""What is no function of a library, and in no kernel."""
