"""What an attempt, an If/else or a For each starts with: everything in it resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.rules.commands import EvaluateCondition, FailAttempt, StartAttempt, StartForEach
from nbkit.rules.moves import definition

if TYPE_CHECKING:
    from nbkit.events import Unit
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.state import RunState


def attempt_command(
    graph: RunGraph, state: RunState, unit: Unit, task_run_id: int
) -> StartAttempt | FailAttempt:
    """Return the command that starts the next attempt of a unit, or says why it cannot."""
    task = definition(graph, unit)
    found = state.unit(unit)
    assert found is not None
    block = task.block.model_dump(mode="json", exclude_unset=True)
    parameters = {**block.get("base_parameters", {}), **state.parameters}
    return StartAttempt(
        unit=unit,
        attempt=len(found.attempts),
        task_run_id=task_run_id,
        block={task.kind: block},
        parameters=parameters,
        timeout_seconds=task.timeout_seconds,
    )


def condition_command(
    graph: RunGraph, state: RunState, key: str, task_run_id: int
) -> EvaluateCondition:
    """Return the command that decides an If/else."""
    block = graph.task(key).condition_task
    assert block is not None
    return EvaluateCondition(
        key, task_run_id, block.left, block.op, block.right, block.left == block.right
    )


def for_each_command(graph: RunGraph, state: RunState, key: str, task_run_id: int) -> StartForEach:
    """Return the command that begins a For each."""
    return StartForEach(key, task_run_id, ())
