"""What an attempt, an If/else or a For each starts with: everything in it resolved."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbkit.errors import Failure
from nbkit.events import Unit
from nbkit.graph.kinds.condition import CONDITION
from nbkit.graph.kinds.for_each import FOR_EACH
from nbkit.graph.references import references
from nbkit.rules.commands import EvaluateCondition, FailAttempt, StartAttempt, StartForEach
from nbkit.rules.condition import compare
from nbkit.rules.moves import definition
from nbkit.rules.parameters import pushed_down, secrets_of, with_task_parameters
from nbkit.rules.references import NoValueError, Scope, as_text, resolve, resolve_all

if TYPE_CHECKING:
    from nbkit.events import JsonValue
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.state import RunState

LARGEST_INPUTS = 48 * 1024
"""What inputs that come from a reference may measure as JSON, in bytes."""


def attempt_command(
    graph: RunGraph, state: RunState, unit: Unit, task_run_id: int
) -> StartAttempt | FailAttempt:
    """Return the command that starts the next attempt of a unit, or says why it cannot."""
    task = definition(graph, unit)
    found = state.unit(unit)
    assert found is not None, "asked to start what the job does not have"
    attempt = len(found.attempts)
    given = task.block.model_dump(mode="json", exclude_unset=True)
    scope = Scope(graph, state, unit, task_run_id)
    try:
        block: dict[str, Any] = resolve_all(given, scope)
        block = with_task_parameters(task.kind, block, state.task_parameters)
        parameters = pushed_down(task.kind, block, state.parameters)
        secrets = secrets_of(task.kind, given, parameters, scope)
    except NoValueError as error:
        return FailAttempt(unit, attempt, _invalid(str(error)))
    return StartAttempt(
        unit=unit,
        attempt=attempt,
        task_run_id=task_run_id,
        block={task.kind: block},
        parameters=parameters,
        secrets=secrets,
        timeout_seconds=task.timeout_seconds,
    )


def condition_command(
    graph: RunGraph, state: RunState, key: str, task_run_id: int
) -> EvaluateCondition:
    """Return the command that decides an If/else."""
    block = CONDITION.of(graph.task(key))
    assert block is not None, "asked to decide a task that is no If/else"
    scope = Scope(graph, state, Unit(key), task_run_id)
    try:
        left, right = resolve(block.left, scope), resolve(block.right, scope)
    except NoValueError as error:
        failure = _invalid(str(error))
        return EvaluateCondition(key, task_run_id, block.left, block.op, block.right, None, failure)
    found = compare(left, block.op, right)
    outcome, failed = (None, found) if isinstance(found, Failure) else (found, None)
    return EvaluateCondition(
        key, task_run_id, as_text(left), block.op, as_text(right), outcome, failed
    )


def for_each_command(graph: RunGraph, state: RunState, key: str, task_run_id: int) -> StartForEach:
    """Return the command that begins a For each, whose inputs are a list or JSON text of one."""
    block = FOR_EACH.of(graph.task(key))
    assert block is not None, "asked to begin a task that is no For each"
    try:
        inputs = _parsed(resolve(block.inputs, Scope(graph, state, Unit(key), task_run_id)))
    except NoValueError as error:
        return StartForEach(key, task_run_id, failure=_invalid(str(error)))
    size = len(as_text(inputs).encode(errors="replace"))
    if references(block.inputs) and size > LARGEST_INPUTS:
        message = (
            f"The inputs are {size:,} bytes as JSON; the limit for referenced inputs is "
            f"{LARGEST_INPUTS:,} (48 KiB). Hand over the name of a table or file instead."
        )
        return StartForEach(key, task_run_id, failure=_invalid(message))
    if not isinstance(inputs, list):
        message = f"The inputs of a For each are a JSON array, not {as_text(inputs)[:200]}"
        return StartForEach(key, task_run_id, failure=_invalid(message))
    return StartForEach(key, task_run_id, tuple(inputs))


def _parsed(value: JsonValue) -> JsonValue:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _invalid(message: str) -> Failure:
    return Failure(cause="invalid_reference", message=message)
