"""`dbt_task`: commands of an installed dbt, one cell each."""

from __future__ import annotations

from posixpath import join, normpath
from typing import TYPE_CHECKING

from pydantic import Field

from nbkit.graph.fields import Part, Text
from nbkit.graph.kinds.kind import Command, FileField, Parameters, Program, Source, TaskKind

if TYPE_CHECKING:
    from nbkit.graph.kinds.kind import Material


class DbtTask(Part):
    """Run dbt commands."""

    commands: list[Text]
    catalog: Text | None = None
    profiles_directory: Text | None = None
    project_directory: Text | None = None
    schema_name: Text | None = Field(None, alias="schema")
    source: Source | None = None
    warehouse_id: Text | None = None


def _program(material: Material) -> Program:
    """Run the commands as shell cells; the first that fails ends the notebook."""
    assert material.file is not None, "without a name it is the folder of the job"
    env = {}
    if "profiles_directory" in material.block:
        profiles = normpath(join(material.file.path, material.block["profiles_directory"]))
        env["DBT_PROFILES_DIR"] = profiles
    cells = tuple(f"%sh -e\n{command}" for command in material.block["commands"])
    return Program("dbt", cells, "dbt", env)


DBT = TaskKind(
    name="dbt_task",
    model=DbtTask,
    label="dbt",
    runs="kernel",
    file=FileField(("project_directory",), "folder", "dbt_project.yml", "dbt project"),
    listed=Parameters("commands", "dbt_commands"),
    needs=Command("dbt", "pip install dbt-core, and an adapter such as dbt-spark"),
    program=_program,
)
