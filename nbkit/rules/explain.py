"""What a job would do, found by deciding it as a run is decided and running nothing.

Every task is taken to succeed. Task values and SQL output that later tasks refer to are not known;
they stand as `«tasks.load.values.n»`. An If/else over such a value is not known either, so what
hangs on both of its outcomes is shown; a For each over one is shown once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nbkit.events import AttemptFinished, AttemptReported, TaskValueSet, Unit
from nbkit.graph.kinds import KINDS
from nbkit.graph.kinds.condition import CONDITION
from nbkit.graph.kinds.for_each import FOR_EACH
from nbkit.graph.references import references
from nbkit.graph.run_if_rules import RUN_IF_RULES
from nbkit.rules.apply import apply
from nbkit.rules.commands import EvaluateCondition, FailAttempt, Skip, StartAttempt, StartForEach
from nbkit.rules.decide import decide
from nbkit.rules.moves import definition
from nbkit.rules.references import NoValueError, Scope, Unknown, has_unknown, resolve
from nbkit.rules.state import RunState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbkit.events import RunStarted
    from nbkit.graph.run_graph import RunGraph
    from nbkit.rules.commands import Command


@dataclass(frozen=True, slots=True)
class ExplainedStep:
    """One thing that the job would do, in order.

    Attributes:
        round: steps of one round may run at the same time; from 1.
        unit: the task, or the iteration of a For each.
        kind: the task's type, such as `notebook_task`.
        action: `run`, `decide` (an If/else), `loop` (a For each), `skip`, or `fail` for what
            cannot start.
        block: what runs, with every reference resolved.
        parameters: what a notebook's widgets get.
        outcome: of an If/else; None if it depends on what is not known yet.
        inputs: of a For each; None if they are not known yet.
        after: the task's parents.
        rule: what its parents must do, where that is more than to succeed.
        note: why it is skipped, or why it would fail.
    """

    round: int
    unit: Unit
    kind: str
    action: str
    block: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    outcome: bool | None = None
    inputs: tuple[Any, ...] | None = None
    after: tuple[str, ...] = ()
    rule: str = ""
    note: str = ""


def explain(graph: RunGraph, run_started: RunStarted) -> list[ExplainedStep]:
    """Return what a run that begins with `run_started` would do."""
    now = run_started.at
    started = replace(run_started, parallel=_NO_LIMIT)
    state = apply(graph, RunState.fresh(graph), started)
    unknown = _referred_to(graph)
    steps: list[ExplainedStep] = []
    turn = 1
    while not state.finished:
        commands = decide(graph, state, now).commands
        for command in commands:
            guess = _guess(graph, state, command)
            step = _step(graph, state, guess, turn)
            steps += [step] if step else []
            state = apply(graph, state, guess.as_event(now))
        if not commands:
            if not state.running:  # only a job with a cycle, which validation refuses
                break
            turn += 1
            for event in _successes(graph, state, unknown, now):
                state = apply(graph, state, event)
    return steps


@dataclass(slots=True)
class _Unknown:
    """What is asked of a task that has not run: names of its values, columns of its output."""

    values: dict[str, None] = field(default_factory=dict)
    columns: dict[str, None] = field(default_factory=dict)


def _referred_to(graph: RunGraph) -> dict[str, _Unknown]:
    """Return what the job's texts ask of its tasks, by task key."""
    found = {key: _Unknown() for key in graph.keys}
    for task in graph.job.tasks:
        for path in _paths(task.model_dump(exclude_unset=True)):
            match path:
                case ("tasks", key, "values", *name) if key in found:
                    found[key].values[".".join(name)] = None
                case ("tasks", key, "output", "first_row", *name) if key in found and name:
                    found[key].columns[".".join(name)] = None
    return found


def _paths(value: Any) -> Iterator[tuple[str, ...]]:
    """Return the paths of all references in nested lists, dicts and texts."""
    if isinstance(value, str):
        yield from (reference.path for reference in references(value))
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _paths(part)


def _successes(
    graph: RunGraph, state: RunState, unknown: dict[str, _Unknown], now: int
) -> Iterator[TaskValueSet | AttemptReported | AttemptFinished]:
    """End everything that runs, with the values and rows that others will ask for."""
    for unit in state.running:
        found = state.unit(unit)
        if found is None or found.last is None:
            continue
        if unit.iteration is None:
            asked = unknown[unit.task_key]
            for name in asked.values:
                value = Unknown(f"«tasks.{unit.task_key}.values.{name}»")
                yield TaskValueSet(at=now, unit=unit, key=name, value=value)
            if KINDS[graph.task(unit.task_key).kind].gives_rows:
                report = _unknown_rows(unit.task_key, asked.columns)
                yield AttemptReported(now, unit, found.last.attempt, report)
        yield AttemptFinished(at=now, unit=unit, attempt=found.last.attempt, result="SUCCESS")


def _unknown_rows(key: str, columns: Iterable[str]) -> dict[str, Any]:
    """Return what stands for the rows of a SQL task."""
    row = {name: Unknown(f"«tasks.{key}.output.first_row.{name}»") for name in columns}
    some: list[Any] = [row or Unknown(f"«tasks.{key}.output.first_row»")]
    return {"kind": "sql_rows", "id": "last", "columns": [*row], "rows": some, "more": False}


def _guess(graph: RunGraph, state: RunState, command: Command) -> Command:
    """Replace a decision over values that are not known by one that shows all ways on."""
    if isinstance(command, EvaluateCondition) and has_unknown((command.left, command.right)):
        return replace(command, outcome=None, failure=None)
    if isinstance(command, StartForEach) and _inputs_unknown(graph, state, command):
        block = FOR_EACH.of(graph.task(command.task_key))
        names = {
            path[1]: Unknown(f"«input.{path[1]}»")
            for path in _paths(block.task.model_dump(exclude_unset=True) if block else None)
            if path[0] == "input" and len(path) > 1
        }
        return replace(command, failure=None, inputs=(names or Unknown("«input»"),))
    return command


def _inputs_unknown(graph: RunGraph, state: RunState, command: StartForEach) -> bool:
    block = FOR_EACH.of(graph.task(command.task_key))
    assert block is not None, "asked about a task that is no For each"
    scope = Scope(graph, state, Unit(command.task_key), command.task_run_id)
    try:
        if has_unknown(resolve(block.inputs, scope)):
            return True
    except NoValueError:
        return False
    paths = _paths(block.inputs)
    return any(path[0] == "tasks" and path[2:] == ("output", "rows") for path in paths)


def _step(graph: RunGraph, state: RunState, command: Command, turn: int) -> ExplainedStep | None:
    """Return what a person wants to know of a command; None for mere bookkeeping."""
    found: dict[str, Any]
    match command:
        case StartAttempt():
            found = {"block": command.block, "parameters": command.parameters}
        case EvaluateCondition(left=left, op=op, right=right):
            block = {CONDITION.name: {"op": op, "left": left, "right": right}}
            found = {"block": block, "outcome": command.outcome}
        case StartForEach(inputs=inputs):
            known = not has_unknown(inputs)
            found = {"inputs": inputs if known else None}
        case Skip():
            found = {"note": command.reason}
        case FailAttempt():
            found = {}
        case _:
            return None
    unit = Unit(command.task_key) if hasattr(command, "task_key") else command.unit
    failure = getattr(command, "failure", None)
    return ExplainedStep(
        round=turn,
        unit=unit,
        kind=definition(graph, unit).kind,
        action=_ACTIONS[type(command)],
        after=tuple(
            parent.task_key
            for parent in graph.parents(unit.task_key)
            if state.selected(parent.task_key)
        ),
        rule=_rule(graph, unit.task_key),
        **({"note": failure.message} if failure else {}),
        **found,
    )


def _rule(graph: RunGraph, key: str) -> str:
    """Say which outcomes and which `run_if` a task waits for."""
    outcomes = [
        f"{parent.task_key} is {parent.outcome}" for parent in graph.parents(key) if parent.outcome
    ]
    run_if = graph.task(key).run_if
    asked = [f"run_if {run_if}: {RUN_IF_RULES[run_if].asks}"] if run_if != "ALL_SUCCESS" else []
    return "; ".join((*outcomes, *asked))


_NO_LIMIT = 1_000_000
_ACTIONS: dict[type, str] = {
    StartAttempt: "run",
    FailAttempt: "fail",
    EvaluateCondition: "decide",
    StartForEach: "loop",
    Skip: "skip",
}
