"""`pipeline_task`: the update of a declarative pipeline, in a notebook that shows how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from nbkit.graph.fields import FilledText, Part, Text
from nbkit.graph.findings import Finding
from nbkit.graph.kinds.kind import (
    FileField,
    NotHereError,
    Parameters,
    Program,
    TaskKind,
    first_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.graph.findings import Loc
    from nbkit.graph.kinds.kind import Material

_CODE = """from nbkit.pipelines import run_task

run_task({arguments})"""
_ASKED = ("full_refresh", "full_refresh_selection", "refresh_selection", "parameters")


_NOT_HERE = {
    "refresh_flow_selection": "flows are not chosen here; refresh_selection chooses datasets",
    "reset_checkpoint_selection": (
        "checkpoints are not reset here; full_refresh_selection begins a dataset anew"
    ),
}
"""Fields that say to do something else than is done, and what can be done instead."""


class PipelineTask(Part):
    """Update a declarative pipeline."""

    pipeline_id: FilledText
    full_refresh: bool | None = None
    full_refresh_selection: list[Text] | None = None
    parameters: dict[str, Text] = Field(default_factory=dict)
    refresh_flow_selection: list[Text] | None = None
    refresh_selection: list[Text] | None = None
    reset_checkpoint_selection: list[Text] | None = None


def _program(material: Material) -> Program:
    """Update it; what is not asked for is left out."""
    assert material.file is not None, "its model requires the pipeline"
    block = material.block
    for name, why in _NOT_HERE.items():
        if block.get(name):
            raise NotHereError(f"{name}: {why}")
    given = [f"{name}={block[name]!r}" for name in _ASKED if block.get(name)]
    code = _CODE.format(arguments=", ".join([repr(material.file.address), *given]))
    return Program(f"Pipeline `{block['pipeline_id']}`", (code,))


def _wrong(task: PipelineTask, loc: Loc) -> Iterator[Finding]:
    for name, why in _NOT_HERE.items():
        if getattr(task, name):
            yield Finding((*loc, name), why)


PIPELINE = TaskKind(
    name="pipeline_task",
    model=PipelineTask,
    label="pipeline",
    runs="kernel",
    file=FileField(("pipeline_id",), "pipeline", from_git=False),
    named=Parameters("parameters", pushed=False),
    older="pipeline_params",
    program=_program,
    wrong=_wrong,
    subject=first_of("pipeline_id"),
)
