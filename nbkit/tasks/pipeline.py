"""`pipeline_task`: the update of a declarative pipeline, in a notebook that shows how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.graph.address import Address
from nbkit.near import hint
from nbkit.on_disk import is_file, is_there, kind, names_in
from nbkit.tasks.in_kernel import Program, notebook_of
from nbkit.tasks.work import TaskFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbkit.tasks.work import Work

_CODE = """from nbkit.pipelines import run_task

run_task({arguments})"""
_SPECS = ("spark-pipeline.yml", "spark-pipeline.yaml")


def pipeline_program(work: Work, directory: Path) -> Program:
    """Return a notebook that updates the pipeline.

    Raises:
        TaskFailedError: `pipeline_id` names none of this machine.
    """
    block = work.block
    named = str(block["pipeline_id"])
    address, path = _located(directory, named)
    code = _CODE.format(arguments=_arguments(address, block))
    return Program(notebook_of(f"Pipeline `{named}`", code), path.parent, named)


def _located(directory: Path, named: str) -> tuple[str, Path]:
    """Return the absolute address of a pipeline, and its file."""
    address = Address.parse(named)
    file, key = address.split(lambda name: is_there(directory / name))
    path = directory / file
    if kind(path) == "folder":
        path = next((path / name for name in _SPECS if is_file(path / name)), path)
    if not is_file(path):
        specs = [each.name for each in names_in(directory) if each.suffix in {".yml", ".yaml"}]
        raise TaskFailedError(
            "unsupported",
            f"There is no pipeline {named} on this machine{hint(named, specs)}. Name its "
            "spark-pipeline.yml, or a bundle and a key such as databricks.yml:orders.",
        )
    place = str(path.resolve())
    found = Address(f"{place}:{key}" if key else place, address.target, address.variables)
    return str(found), path


def _arguments(address: str, block: Mapping[str, Any]) -> str:
    """Return what the update is called with, as code; what is not asked for is left out."""
    asked: dict[str, Any] = {
        "full_refresh": block.get("full_refresh"),
        "full_refresh_selection": block.get("full_refresh_selection"),
        "refresh_selection": block.get("refresh_selection"),
        "parameters": block.get("parameters"),
    }
    given = [f"{name}={value!r}" for name, value in asked.items() if value]
    return ", ".join([repr(address), *given])
