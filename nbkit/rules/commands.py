"""What `decide` may ask for: values that say what is to be done, and nothing does it here.

Each becomes the event that records it, by `as_event`. `StartAttempt` and `StopAttempt` are work
for the scheduler once that event is recorded; for all others, recording the event is all there
is to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from nbkit import events
from nbkit.events import JsonValue, ResultState, Unit

if TYPE_CHECKING:
    from nbkit.errors import Cause, Failure


@dataclass(frozen=True, slots=True)
class StartAttempt:
    """Run `block`; see `events.AttemptStarted` for what the fields mean.

    Attributes:
        secrets: where the parameters have references to secrets that their authors wrote.
    """

    unit: Unit
    attempt: int
    task_run_id: int
    block: dict[str, Any]
    parameters: dict[str, str] = field(default_factory=dict)
    timeout_seconds: int = 0
    secrets: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)

    def as_event(self, now: int) -> events.AttemptStarted:
        """Return the event that records this command."""
        return events.AttemptStarted(
            at=now,
            unit=self.unit,
            attempt=self.attempt,
            task_run_id=self.task_run_id,
            block=self.block,
            parameters=self.parameters,
            timeout_seconds=self.timeout_seconds,
        )


@dataclass(frozen=True, slots=True)
class StopAttempt:
    """End a running attempt: interrupt, then kill. Its `AttemptFinished` still has to come."""

    unit: Unit
    attempt: int
    cause: Cause

    def as_event(self, now: int) -> events.AttemptStopping:
        """Return the event that records this command."""
        return events.AttemptStopping(
            at=now, unit=self.unit, attempt=self.attempt, cause=self.cause
        )


@dataclass(frozen=True, slots=True)
class FailAttempt:
    """Give up an attempt that cannot even start: a reference in it has no value."""

    unit: Unit
    attempt: int
    failure: Failure

    def as_event(self, now: int) -> events.AttemptFinished:
        """Return the event that records this command; there was no `AttemptStarted`."""
        return events.AttemptFinished(
            at=now, unit=self.unit, attempt=self.attempt, result="FAILED", failure=self.failure
        )


@dataclass(frozen=True, slots=True)
class Skip:
    """Do not run a task; `reason` names the parent and the rule."""

    task_key: str
    result: ResultState
    reason: str

    def as_event(self, now: int) -> events.TaskSkipped:
        """Return the event that records this command."""
        return events.TaskSkipped(
            at=now, task_key=self.task_key, result=self.result, reason=self.reason
        )


@dataclass(frozen=True, slots=True)
class EvaluateCondition:
    """Decide an If/else: `outcome` is known already, or `failure` says why not."""

    task_key: str
    task_run_id: int
    left: str
    op: str
    right: str
    outcome: bool | None
    failure: Failure | None = None

    def as_event(self, now: int) -> events.ConditionEvaluated:
        """Return the event that records this command."""
        return events.ConditionEvaluated(
            at=now,
            task_key=self.task_key,
            task_run_id=self.task_run_id,
            left=self.left,
            op=self.op,
            right=self.right,
            outcome=self.outcome,
            failure=self.failure,
        )


@dataclass(frozen=True, slots=True)
class StartForEach:
    """Begin a For each task with its inputs, or with the `failure` to know them."""

    task_key: str
    task_run_id: int
    inputs: tuple[JsonValue, ...] = ()
    failure: Failure | None = None

    def as_event(self, now: int) -> events.ForEachStarted:
        """Return the event that records this command."""
        return events.ForEachStarted(
            at=now,
            task_key=self.task_key,
            task_run_id=self.task_run_id,
            inputs=self.inputs,
            failure=self.failure,
        )


@dataclass(frozen=True, slots=True)
class StopForEach:
    """End a For each task as a whole: no further iterations; running ones are stopped next."""

    task_key: str
    attempt: int
    cause: Cause

    def as_event(self, now: int) -> events.AttemptStopping:
        """Return the event that records this command: about the task, not an iteration."""
        return events.AttemptStopping(
            at=now, unit=Unit(self.task_key), attempt=self.attempt, cause=self.cause
        )


@dataclass(frozen=True, slots=True)
class FinishForEach:
    """Close a For each task whose iterations are over."""

    task_key: str
    result: ResultState
    message: str = ""

    def as_event(self, now: int) -> events.ForEachFinished:
        """Return the event that records this command."""
        return events.ForEachFinished(
            at=now, task_key=self.task_key, result=self.result, message=self.message
        )


@dataclass(frozen=True, slots=True)
class FinishRun:
    """Close the run: every task is over."""

    result: ResultState
    code: str
    message: str = ""

    def as_event(self, now: int) -> events.RunFinished:
        """Return the event that records this command."""
        return events.RunFinished(at=now, result=self.result, code=self.code, message=self.message)


@dataclass(frozen=True, slots=True)
class CancelRun:
    """End the run early: its time is up."""

    by: Literal["user", "timeout"]

    def as_event(self, now: int) -> events.CancelRequested:
        """Return the event that records this command."""
        return events.CancelRequested(at=now, by=self.by)


@dataclass(frozen=True, slots=True)
class WarnOfDuration:
    """Say that the run, or what runs in it, takes longer than it should."""

    limit_seconds: int
    unit: Unit | None = None

    def as_event(self, now: int) -> events.DurationExceeded:
        """Return the event that records this command."""
        return events.DurationExceeded(at=now, limit_seconds=self.limit_seconds, unit=self.unit)


Command = (
    StartAttempt
    | StopAttempt
    | FailAttempt
    | Skip
    | EvaluateCondition
    | StartForEach
    | StopForEach
    | FinishForEach
    | FinishRun
    | CancelRun
    | WarnOfDuration
)
