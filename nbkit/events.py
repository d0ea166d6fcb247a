"""What happened in a run: frozen facts, recorded before anything acts on them.

The state of a run is the fold of its events (`nbkit.rules.apply`), so an event says everything
that `apply` needs and nothing that it can derive. Times are milliseconds since the epoch, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from nbkit.errors import Cause, Failure

JsonValue = Any
"""Whatever `json.dumps` takes; types are kept."""

ResultState = Literal[
    "SUCCESS",
    "FAILED",
    "TIMEDOUT",
    "CANCELED",
    "MAXIMUM_CONCURRENT_RUNS_REACHED",
    "EXCLUDED",
    "SUCCESS_WITH_FAILURES",
    "UPSTREAM_FAILED",
    "UPSTREAM_CANCELED",
    "DISABLED",
]
"""Result states as the Jobs API 2.2 spells them."""


class Unit(NamedTuple):
    """What attempts are made of: a task, or one iteration of a For each task.

    Attributes:
        task_key: the task of the job.
        iteration: index into the inputs of a For each task, from 0; None for other tasks.
    """

    task_key: str
    iteration: int | None = None


@dataclass(frozen=True, slots=True)
class RunCreated:
    """A run is on record, and the process that put it there is about to begin it.

    Attributes:
        run_id, job_id, run_name: identity; the run has not started.
        trigger: what will have started it.
        creator: the name of who asked for it.
        pages: address of pages where a run is shown, which its id is appended to; empty for none.
        task_runs: by task key, the number of its first task run; see `nbkit.rules.task_runs`.
    """

    at: int
    run_id: int
    job_id: int
    run_name: str
    trigger: str = "one_time"
    creator: str = ""
    pages: str = ""
    task_runs: dict[str, int] = field(default_factory=dict)
    kind: Literal["run_created"] = "run_created"


@dataclass(frozen=True, slots=True)
class RunPlanned:
    """A run is to begin, on whichever node takes it; it is asked for as it will be started.

    Attributes:
        run_id, job_id, run_name: identity; the run has not started.
        due: not before this time; 0 for at once.
        parameters: job parameters that were given.
        only: task keys to run, as they were given; None for all.
        trigger: what will have started it.
        skip_unsupported: whether tasks that cannot run are left out.
        task_parameters: older parameters, such as `notebook_params`, for all tasks of a type.
        creator, pages, task_runs: as of `RunCreated`.
        trigger_info: what `job.trigger.…` and `backfill.…` refer to, by dotted name.
        message: what a person should know of how it came to be, such as that it is late.
    """

    at: int
    run_id: int
    job_id: int
    run_name: str
    due: int = 0
    parameters: dict[str, str] = field(default_factory=dict)
    only: tuple[str, ...] | None = None
    trigger: str = "one_time"
    skip_unsupported: bool = False
    task_parameters: dict[str, Any] = field(default_factory=dict)
    creator: str = ""
    pages: str = ""
    task_runs: dict[str, int] = field(default_factory=dict)
    trigger_info: dict[str, Any] = field(default_factory=dict)
    message: str = ""
    kind: Literal["run_planned"] = "run_planned"


@dataclass(frozen=True, slots=True)
class RunHeldUp:
    """A run cannot begin yet, as too many of its job go on: it waits, or ends at once.

    Attributes:
        run_id, job_id, run_name: identity; the run has not started.
        message: why, for a person.
    """

    at: int
    run_id: int
    job_id: int
    run_name: str
    message: str
    kind: Literal["run_held_up"] = "run_held_up"


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run began.

    Attributes:
        run_id, job_id, run_name: identity.
        parameters: job parameters, resolved: run overrides over defaults.
        only: task keys that may run; None for all. Others count as disabled.
        parallel: attempts at once.
        trigger: what started it, as `job.trigger.type` says it: `one_time`, `run_job_task`,
            `workflow_run` (a notebook) …
        overrides: names of parameters that were given for this run.
        skip_unsupported: whether tasks that cannot run here are left out instead of failing.
        task_parameters: older parameters, such as `notebook_params`, for all tasks of a type.
        secrets: where parameters have references to secrets that their authors wrote.
        task_runs: as of `RunCreated`, of the tasks that have none yet.
        trigger_info: what `job.trigger.…` and `backfill.…` refer to, by dotted name.
    """

    at: int
    run_id: int
    job_id: int
    run_name: str
    parameters: dict[str, str] = field(default_factory=dict)
    only: tuple[str, ...] | None = None
    parallel: int = 4
    trigger: str = "one_time"
    overrides: tuple[str, ...] = ()
    skip_unsupported: bool = False
    task_parameters: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    task_runs: dict[str, int] = field(default_factory=dict)
    trigger_info: dict[str, Any] = field(default_factory=dict)
    kind: Literal["run_started"] = "run_started"


@dataclass(frozen=True, slots=True)
class RunRepaired:
    """A finished or lost run was taken up again under its own id.

    Attributes:
        rerun: task keys that start afresh; successes are not among them unless asked for.
        iterations: for a For each task in `rerun`, the iterations to rerun; all if absent.
        parameters: job parameters from now on, resolved.
        secrets: where they have references to secrets that their authors wrote.
        task_runs: by task key, the number of its next task run, of those that get a new one.
    """

    at: int
    repair_id: int
    rerun: tuple[str, ...]
    parameters: dict[str, str]
    iterations: dict[str, tuple[int, ...]] = field(default_factory=dict)
    parallel: int = 4
    secrets: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    task_runs: dict[str, int] = field(default_factory=dict)
    kind: Literal["run_repaired"] = "run_repaired"


@dataclass(frozen=True, slots=True)
class RunFinished:
    """Every task is over, and so is the run."""

    at: int
    result: ResultState
    code: str
    message: str = ""
    kind: Literal["run_finished"] = "run_finished"


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """Somebody wants the run to end: Ctrl-C, `nbkit cancel`, or the job's own timeout."""

    at: int
    by: Literal["user", "timeout"] = "user"
    kind: Literal["cancel_requested"] = "cancel_requested"


@dataclass(frozen=True, slots=True)
class TaskSkipped:
    """A task will not run; `reason` names the parent and the rule for a person."""

    at: int
    task_key: str
    result: ResultState
    reason: str
    kind: Literal["task_skipped"] = "task_skipped"


@dataclass(frozen=True, slots=True)
class ConditionEvaluated:
    """An If/else was decided: `outcome` true or false, or a failure."""

    at: int
    task_key: str
    task_run_id: int
    left: str
    op: str
    right: str
    outcome: bool | None
    failure: Failure | None = None
    kind: Literal["condition_evaluated"] = "condition_evaluated"


@dataclass(frozen=True, slots=True)
class ForEachStarted:
    """The inputs of a For each task are known; or they are not, and `failure` says why."""

    at: int
    task_key: str
    task_run_id: int
    inputs: tuple[JsonValue, ...] = ()
    failure: Failure | None = None
    kind: Literal["for_each_started"] = "for_each_started"


@dataclass(frozen=True, slots=True)
class ForEachFinished:
    """Every iteration of a For each task is over."""

    at: int
    task_key: str
    result: ResultState
    message: str = ""
    kind: Literal["for_each_finished"] = "for_each_finished"


@dataclass(frozen=True, slots=True)
class AttemptStarted:
    """A worker was told to run `block`, the task's own block with every reference resolved.

    Attributes:
        unit, attempt: whose attempt, counted from 0 over retries and repairs.
        task_run_id: the attempt's own id.
        block: such as `{"notebook_task": {"notebook_path": …, "base_parameters": {…}}}`.
        parameters: what the notebook's widgets and parameters cell get, job over task.
        timeout_seconds: of the task; 0 for none.
    """

    at: int
    unit: Unit
    attempt: int
    task_run_id: int
    block: dict[str, Any]
    parameters: dict[str, str] = field(default_factory=dict)
    timeout_seconds: int = 0
    kind: Literal["attempt_started"] = "attempt_started"


@dataclass(frozen=True, slots=True)
class AttemptProgressed:
    """An attempt works on cell `cell` (from 1) out of `cells` code cells."""

    at: int
    unit: Unit
    attempt: int
    cell: int
    cells: int
    kind: Literal["attempt_progressed"] = "attempt_progressed"


@dataclass(frozen=True, slots=True)
class AttemptStopping:
    """An attempt was asked to end: its kernel is interrupted, then killed."""

    at: int
    unit: Unit
    attempt: int
    cause: Cause
    kind: Literal["attempt_stopping"] = "attempt_stopping"


@dataclass(frozen=True, slots=True)
class TaskValueSet:
    """A notebook set a task value."""

    at: int
    unit: Unit
    key: str
    value: JsonValue
    kind: Literal["task_value_set"] = "task_value_set"


@dataclass(frozen=True, slots=True)
class AttemptReported:
    """A notebook told something about itself: a step, expectations, a run of its own.

    Attributes:
        report: one of `nbkit.wire.Report`; it replaces an earlier one of its kind and id.
    """

    at: int
    unit: Unit
    attempt: int
    report: dict[str, Any]
    kind: Literal["attempt_reported"] = "attempt_reported"


@dataclass(frozen=True, slots=True)
class AttemptFinished:
    """An attempt is over.

    Attributes:
        result: SUCCESS, FAILED, TIMEDOUT or CANCELED.
        exit_value: what `dbutils.notebook.exit` got, if it was called.
        failure: why not SUCCESS.
        output_notebook: path of the output notebook relative to the project root.
        child_run_id: of a Run Job task, the run of the other job.
    """

    at: int
    unit: Unit
    attempt: int
    result: ResultState
    exit_value: str | None = None
    failure: Failure | None = None
    output_notebook: str = ""
    child_run_id: int | None = None
    kind: Literal["attempt_finished"] = "attempt_finished"


@dataclass(frozen=True, slots=True)
class DurationExceeded:
    """The run, or an attempt of it, goes on for longer than its `health` rule calls healthy.

    Attributes:
        limit_seconds: what the rule says.
        unit: whose attempt; None for the run as a whole.
    """

    at: int
    limit_seconds: int
    unit: Unit | None = None
    kind: Literal["duration_exceeded"] = "duration_exceeded"


@dataclass(frozen=True, slots=True)
class Noted:
    """Something a person should know that changes no state: an ignored setting, a warning."""

    at: int
    message: str
    task_key: str = ""
    kind: Literal["noted"] = "noted"


Event = (
    RunCreated
    | RunPlanned
    | RunHeldUp
    | RunStarted
    | RunRepaired
    | RunFinished
    | CancelRequested
    | TaskSkipped
    | ConditionEvaluated
    | ForEachStarted
    | ForEachFinished
    | AttemptStarted
    | AttemptProgressed
    | AttemptStopping
    | TaskValueSet
    | AttemptReported
    | AttemptFinished
    | DurationExceeded
    | Noted
)
