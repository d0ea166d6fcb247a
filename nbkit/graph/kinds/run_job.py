"""`run_job_task`: a run of another job, by itself on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from nbkit.graph.fields import JobReference, Part, Text
from nbkit.graph.kinds.kind import Parameters, TaskKind, first_of

if TYPE_CHECKING:
    from nbkit.graph.kinds.kind import Returned


class PipelineParams(Part):
    """What a pipeline started by another job refreshes."""

    full_refresh: bool | None = None
    full_refresh_selection: list[Text] | None = None
    refresh_flow_selection: list[Text] | None = None
    refresh_selection: list[Text] | None = None
    reset_checkpoint_selection: list[Text] | None = None


class RunJobTask(Part):
    """Run another job."""

    job_id: JobReference
    dbt_commands: list[Text] | None = None
    jar_params: list[Text] = Field(default_factory=list)
    job_parameters: dict[str, Text] = Field(default_factory=dict)
    notebook_params: dict[str, Text] = Field(default_factory=dict)
    pipeline_params: PipelineParams | None = None
    python_named_params: dict[str, Text] = Field(default_factory=dict)
    python_params: list[Text] = Field(default_factory=list)
    spark_submit_params: list[Text] | None = None
    sql_params: dict[str, Text] = Field(default_factory=dict)


def _output(returned: Returned) -> dict[str, Any]:
    if returned.child_run_id is None:
        return {}
    return {"run_job_output": {"run_id": returned.child_run_id}}


RUN_JOB = TaskKind(
    name="run_job_task",
    model=RunJobTask,
    label="run job",
    runs="job",
    named=Parameters("job_parameters"),
    subject=first_of("job_id"),
    output=_output,
)
