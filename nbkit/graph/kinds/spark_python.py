"""`spark_python_task`: a Python file with its arguments, as one cell of a notebook.

So its output notebook shows the code, and an error where the author would see it.
"""

from __future__ import annotations

from posixpath import basename
from typing import TYPE_CHECKING

from pydantic import Field

from nbkit.graph.fields import FilledText, Part, Text
from nbkit.graph.kinds.kind import FileField, Parameters, Program, Source, TaskKind, first_of

if TYPE_CHECKING:
    from nbkit.graph.kinds.kind import Material

_AS_A_SCRIPT = """import sys

sys.argv = {argv!r}
__file__ = {file!r}
exit = quit = sys.exit"""


class SparkPythonTask(Part):
    """Run a Python file with arguments."""

    python_file: FilledText
    parameters: list[Text] = Field(default_factory=list)
    source: Source | None = None


def _program(material: Material) -> Program:
    assert material.file is not None, "its model requires the file"
    path = material.file.path
    argv = [path, *material.block.get("parameters", [])]
    start = _AS_A_SCRIPT.format(argv=argv, file=path)
    return Program(f"`{basename(path)}`", (start, material.file.text))


SPARK_PYTHON = TaskKind(
    name="spark_python_task",
    model=SparkPythonTask,
    label="Python file",
    runs="kernel",
    file=FileField(("python_file",), "python"),
    listed=Parameters("parameters", "python_params"),
    program=_program,
    sets_values=True,
    subject=first_of("python_file"),
)
