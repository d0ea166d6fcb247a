"""`python_wheel_task`: an entry point of an installed package, called in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from nbkit.graph.fields import FilledText, Part, Text
from nbkit.graph.findings import Finding
from nbkit.graph.kinds.kind import Parameters, Program, TaskKind, first_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.graph.findings import Loc
    from nbkit.graph.kinds.kind import Material

_START = """import sys

from nbkit.toolkit.entry_points import entry_point

sys.argv = {argv!r}"""


class PythonWheelTask(Part):
    """Call an entry point of an installed package."""

    package_name: FilledText
    entry_point: FilledText
    named_parameters: dict[str, Text] = Field(default_factory=dict)
    parameters: list[Text] = Field(default_factory=list)


def _program(material: Material) -> Program:
    """Call the entry point, with `--name=value` for named parameters."""
    package, name = material.block["package_name"], material.block["entry_point"]
    named = [f"--{key}={value}" for key, value in material.parameters.items()]
    argv = [package, *(material.block.get("parameters") or named)]
    cells = (_START.format(argv=argv), f"entry_point({package!r}, {name!r})()")
    return Program(f"`{package}`, entry point `{name}`", cells, f"{package}:{name}")


def _wrong(wheel: PythonWheelTask, loc: Loc) -> Iterator[Finding]:
    if wheel.parameters and wheel.named_parameters:
        message = "either parameters or named_parameters can be given, not both"
        yield Finding((*loc, "named_parameters"), message)


PYTHON_WHEEL = TaskKind(
    name="python_wheel_task",
    model=PythonWheelTask,
    label="wheel",
    runs="kernel",
    named=Parameters("named_parameters", "python_named_params"),
    listed=Parameters("parameters", "python_params"),
    program=_program,
    sets_values=True,
    subject=first_of("package_name"),
    wrong=_wrong,
)
