"""What is known about a run: frozen values that `nbkit.rules.apply` makes from events.

Maps and vectors are persistent (pyrsistent), so that one more event costs the same in a run of
five tasks and in one of five thousand iterations. The fields under "bookkeeping" are derived:
they save `decide` from looking at tasks that cannot move.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Self

from pyrsistent import PMap, PVector, pmap, pvector

if TYPE_CHECKING:
    from nbkit.errors import Cause, Failure
    from nbkit.events import JsonValue, ResultState, Unit
    from nbkit.graph.run_graph import RunGraph

Life = Literal["BLOCKED", "PENDING", "RUNNING", "WAITING_FOR_RETRY", "TERMINATED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptState:
    """One attempt of a task or of an iteration; also one evaluation of an If/else.

    Attributes:
        attempt: from 0, over retries and repairs.
        task_run_id: its own id.
        block, parameters, timeout_seconds: as the attempt was started with.
        cell, cells: the code cell it works on, from 1, and how many there are.
        stopping: why it was asked to end, once it was.
        result, exit_value, failure, output_notebook, child_run_id: as it ended.
        reports: what its notebook told, by kind and id; see `nbkit.wire.Report`.
    """

    attempt: int
    task_run_id: int
    started_at: int
    block: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    timeout_seconds: int = 0
    cell: int = 0
    cells: int = 0
    stopping: Cause | None = None
    finished_at: int | None = None
    result: ResultState | None = None
    exit_value: str | None = None
    failure: Failure | None = None
    output_notebook: str = ""
    child_run_id: int | None = None
    reports: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitState:
    """What tasks and iterations have in common.

    Attributes:
        life: where it stands.
        result, code, message: how it ended, the termination code and a sentence for a person.
        attempts: all of them, also those before a repair.
        earlier: how many of the attempts belong to earlier repairs; retries count without them.
        values: task values of the last attempt.
        task_run_id: of the last attempt, or the one that the next is promised; see
            `nbkit.rules.task_runs`. A skipped task has one too; an iteration 0 before its turn.
        retry_at: when the next attempt is due, while WAITING_FOR_RETRY.
        started_at, finished_at: of the whole, retries included, since the last repair.
    """

    life: Life = "BLOCKED"
    result: ResultState | None = None
    code: str = ""
    message: str = ""
    attempts: tuple[AttemptState, ...] = ()
    earlier: int = 0
    values: PMap[str, JsonValue] = field(default_factory=pmap)
    task_run_id: int = 0
    retry_at: int | None = None
    started_at: int | None = None
    finished_at: int | None = None

    @property
    def last(self) -> AttemptState | None:
        """The latest attempt, if there was one."""
        return self.attempts[-1] if self.attempts else None

    @property
    def promised(self) -> int:
        """The id that the next attempt will have, if it was promised one, else 0."""
        last = self.last
        return 0 if last and last.task_run_id == self.task_run_id else self.task_run_id

    @property
    def retries(self) -> int:
        """How many attempts since the last repair were not the first."""
        return max(0, len(self.attempts) - self.earlier - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class IterationState(UnitState):
    """One iteration of a For each task: its place in the inputs, from 0, and its input."""

    index: int
    input: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How far a For each task is.

    Attributes:
        todo: the iterations to run since the last repair, in order.
        given: how many of `todo` were given out so far.
        active: given out and not over: running, waiting for a slot or for a retry.
        succeeded, failed: over. Iterations kept from before a repair count too.
    """

    todo: tuple[int, ...]
    given: int = 0
    active: int = 0
    succeeded: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState(UnitState):
    """One task of the job.

    Attributes:
        key: its task key.
        outcome: of an If/else; None before it, after a failure, and where it is not known.
        operands: of an If/else, as compared: left, operator, right.
        reason: why a task did not run, naming the parent and the rule.
        iterations, counts: of a For each task, once its inputs are known.
        rerun_iterations: of a For each task in a repair, the ones to run again; None for all.
        stopping: why a For each task was asked to end as a whole.
    """

    key: str
    outcome: bool | None = None
    operands: tuple[str, str, str] | None = None
    reason: str = ""
    iterations: PVector[IterationState] = field(default_factory=pvector)
    counts: Counts | None = None
    rerun_iterations: tuple[int, ...] | None = None
    stopping: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """The original run, or one repair of it.

    Attributes:
        first_task_run_id: the first id that was free when it began.
        kept: ids of earlier ones that it runs under, as nothing had become of them.
    """

    type: Literal["ORIGINAL", "REPAIR"]
    id: int
    started_at: int
    first_task_run_id: int
    kept: frozenset[int] = frozenset()
    finished_at: int | None = None
    result: ResultState | None = None
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """Everything known about a run; made by `fresh` and changed only by `apply`.

    Attributes:
        run_id, job_id, run_name, trigger, creator, pages, parameters, overrides, parallel,
            skip_unsupported, task_parameters, secrets, trigger_info: as started, or as the last
            repair says.
        only: task keys that may run; None for all.
        tasks: by task key.
        episodes: the original run and its repairs, in order.
        cancel: who asked the run to end.
        queued_at: since when it waited for its turn; None if it did not have to.
        result, code, message, finished_at: once it is over.
        next_task_run_id: the next id that is free.
        unfinished: tasks that are not over (bookkeeping, like all that follow).
        parents_left: for a task, how many of its parents are not over.
        at_once: tasks whose parents are over and that need no slot: If/else, For each, and
            those that will not run.
        queue: tasks and iterations that wait for a slot, in order.
        running: attempts in progress, and when their time is up; 0 for never.
        retries: what waits for its next attempt, and when that is due.
        for_each: For each tasks in progress, and when their time is up; 0 for never.
        health: what runs, None for the run itself, and when that becomes worth a warning.
    """

    run_id: int = 0
    job_id: int = 0
    run_name: str = ""
    trigger: str = "one_time"
    creator: str = ""
    pages: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    overrides: tuple[str, ...] = ()
    skip_unsupported: bool = False
    task_parameters: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    trigger_info: dict[str, Any] = field(default_factory=dict)
    only: frozenset[str] | None = None
    parallel: int = 1
    tasks: PMap[str, TaskState] = field(default_factory=pmap)
    episodes: tuple[Episode, ...] = ()
    cancel: Literal["user", "timeout"] | None = None
    queued_at: int | None = None
    started_at: int | None = None
    finished_at: int | None = None
    result: ResultState | None = None
    code: str = ""
    message: str = ""
    next_task_run_id: int = 1
    unfinished: int = 0
    parents_left: PMap[str, int] = field(default_factory=pmap)
    at_once: tuple[str, ...] = ()
    queue: tuple[Unit, ...] = ()
    running: PMap[Unit, int] = field(default_factory=pmap)
    retries: PMap[Unit, int] = field(default_factory=pmap)
    for_each: PMap[str, int] = field(default_factory=pmap)
    health: PMap[Unit | None, int] = field(default_factory=pmap)

    @classmethod
    def fresh(cls, graph: RunGraph) -> Self:
        """Return the state before the first event: every task is blocked."""
        tasks = pmap({key: TaskState(key=key) for key in graph.keys})
        return cls(tasks=tasks, unfinished=len(graph.keys))

    @property
    def started(self) -> bool:
        """Whether the run began."""
        return self.started_at is not None

    @property
    def finished(self) -> bool:
        """Whether the run is over; a repair takes it up again."""
        return self.finished_at is not None

    @property
    def repairs(self) -> tuple[Episode, ...]:
        """The repairs so far, in order."""
        return self.episodes[1:]

    def selected(self, key: str) -> bool:
        """Return whether the task may run at all, or was left out with `--only`."""
        return self.only is None or key in self.only

    def unit(self, unit: Unit) -> TaskState | IterationState | None:
        """Return the state of a task or iteration; None if there is no such one."""
        task = self.tasks.get(unit.task_key)
        if task is None or unit.iteration is None:
            return task
        known = 0 <= unit.iteration < len(task.iterations)
        return task.iterations[unit.iteration] if known else None

    def with_task(self, task: TaskState) -> RunState:
        """Return this state with the one task replaced."""
        return replace(self, tasks=self.tasks.set(task.key, task))

    def with_unit(self, unit: Unit, changed: TaskState | IterationState) -> RunState:
        """Return this state with the one task or iteration replaced."""
        if isinstance(changed, TaskState):
            return self.with_task(changed)
        task = self.tasks[unit.task_key]
        return self.with_task(replace(task, iterations=task.iterations.set(changed.index, changed)))

    def task_values(self) -> dict[str, dict[str, JsonValue]]:
        """Return the task values set so far, by task key, then by name."""
        return {key: dict(task.values) for key, task in self.tasks.items() if task.values}
