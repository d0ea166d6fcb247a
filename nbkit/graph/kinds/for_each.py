"""`for_each_task`: another task, once for each input; the rules give the inputs out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from nbkit.graph.fields import FilledText, Part, Whole
from nbkit.graph.findings import Finding, shown
from nbkit.graph.kinds.condition import CONDITION
from nbkit.graph.kinds.kind import TaskKind
from nbkit.graph.references import references

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.graph.findings import Loc
    from nbkit.graph.model import Task  # noqa: TC004 - it gives itself to this model

LONGEST_INPUTS = 5_000
"""Characters of inputs that a For each lists itself; some pages of Databricks say 10,000."""


class ForEachTask(Part):
    """Run a task once for each of the inputs, `concurrency` of them at a time."""

    inputs: FilledText
    task: Task
    concurrency: Annotated[Whole, Field(ge=1, le=100)] = 1


def _wrong(each: ForEachTask, loc: Loc) -> Iterator[Finding]:
    if not references(each.inputs):
        try:
            fits = isinstance(json.loads(each.inputs), list)
        except (ValueError, RecursionError):
            fits = False
        if not fits:
            message = (
                f"must be a JSON array, such as [1, 2], or a reference to one, "
                f"not {shown(each.inputs)}"
            )
            yield Finding((*loc, "inputs"), message)
    inner = (*loc, "task")
    if FOR_EACH.of(each.task):
        message = "a For each task cannot run inside another"
        yield Finding((*inner, FOR_EACH.name), message)
    elif CONDITION.of(each.task):
        message = (
            "an If/else task cannot run inside a For each task: nothing could follow its outcome; "
            "let the For each run a job (run_job_task) that begins with it"
        )
        yield Finding((*inner, CONDITION.name), message)
    elif each.task.depends_on:
        message = "the inner task of a For each task waits for nothing; its own task does"
        yield Finding((*inner, "depends_on"), message, "warning")


def _beyond(each: ForEachTask, loc: Loc) -> Iterator[tuple[Loc, str]]:
    if len(each.inputs) > LONGEST_INPUTS and not references(each.inputs):
        message = (
            f"have {len(each.inputs):,} characters; Databricks takes {LONGEST_INPUTS:,} (10,000 on "
            "older pages), and 48 KB from a task value, a parameter or a SQL task"
        )
        yield (*loc, "inputs"), message


FOR_EACH = TaskKind(
    name="for_each_task",
    model=ForEachTask,
    label="for each",
    runs="rules",
    wrong=_wrong,
    beyond=_beyond,
)
