"""`notebook_task`: a notebook, or a Databricks source notebook."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import Field

from nbkit.graph.fields import FilledText, Part, Text
from nbkit.graph.kinds.kind import FileField, Parameters, Source, TaskKind, first_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.graph.findings import Loc
    from nbkit.graph.kinds.kind import Returned

LARGEST_BASE_PARAMETERS_BYTES = 1024 * 1024
LONGEST_RESULT = 5 * 1024 * 1024
"""The API keeps the first 5 MB of what `dbutils.notebook.exit` got."""


class NotebookTask(Part):
    """Run a notebook."""

    notebook_path: FilledText
    base_parameters: dict[str, Text] = Field(default_factory=dict)
    source: Source | None = None
    warehouse_id: Text | None = None


def _beyond(notebook: NotebookTask, loc: Loc) -> Iterator[tuple[Loc, str]]:
    size = len(json.dumps(notebook.base_parameters).encode())
    if size > LARGEST_BASE_PARAMETERS_BYTES:
        yield (*loc, "base_parameters"), f"are {size:,} bytes as JSON; Databricks takes 1 MB"


def _output(returned: Returned) -> dict[str, Any]:
    if not returned.over:
        return {}
    value = returned.exit_value
    if value is None:
        return {"notebook_output": {"truncated": False}}
    kept = value.encode()[:LONGEST_RESULT].decode(errors="ignore")
    return {"notebook_output": {"result": kept, "truncated": len(kept) < len(value)}}


NOTEBOOK = TaskKind(
    name="notebook_task",
    model=NotebookTask,
    label="notebook",
    runs="kernel",
    file=FileField(("notebook_path",), "notebook"),
    named=Parameters("base_parameters", "notebook_params"),
    sets_values=True,
    subject=first_of("notebook_path"),
    output=_output,
    beyond=_beyond,
)
