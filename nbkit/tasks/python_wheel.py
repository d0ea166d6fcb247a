"""`python_wheel_task`: an entry point of an installed package, called in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.tasks.in_kernel import Program, notebook_of

if TYPE_CHECKING:
    from pathlib import Path

    from nbkit.tasks.work import Work

_START = """import sys

from nbkit.toolkit.entry_points import entry_point

sys.argv = {argv!r}"""


def wheel_program(work: Work, directory: Path) -> Program:
    """Return a notebook that calls the entry point, with `--name=value` for named parameters."""
    package, name = work.block["package_name"], work.block["entry_point"]
    named = [f"--{key}={value}" for key, value in work.command.parameters.items()]
    argv = [package, *(work.block.get("parameters") or named)]
    notebook = notebook_of(
        f"`{package}`, entry point `{name}`",
        _START.format(argv=argv),
        f"entry_point({package!r}, {name!r})()",
    )
    return Program(notebook, directory, f"{package}:{name}")
