"""What every task type is given, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from nbkit.errors import Cause, Failure
    from nbkit.events import JsonValue, ResultState
    from nbkit.graph.model import Job, Task
    from nbkit.kernels.attempt import StopRequest
    from nbkit.rules.commands import StartAttempt
    from nbkit.rules.state import RunState
    from nbkit.wire import Report, SparkWork


@dataclass(frozen=True, slots=True)
class Work:
    """One attempt, and all that a task type may want to know about it.

    Attributes:
        command: what to run, with every reference resolved.
        job: the job as defined.
        task: the task as defined; for an iteration, the task inside the For each.
        state: the run as it stood when the attempt began.
    """

    command: StartAttempt
    job: Job
    task: Task
    state: RunState

    @property
    def block(self) -> dict[str, Any]:
        """The resolved settings of the task's own type."""
        block: dict[str, Any] = self.command.block[self.task.kind]
        return block


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended; the fields of `events.AttemptFinished` that a task type knows."""

    result: ResultState
    exit_value: str | None = None
    failure: Failure | None = None
    output_notebook: str = ""
    child_run_id: int | None = None


class Reports(Protocol):
    """Where a task type tells what happens while it runs."""

    def progressed(self, cell: int, cells: int) -> None:
        """Code cell `cell`, from 1, out of `cells` begins."""
        ...

    def value_set(self, key: str, value: JsonValue) -> None:
        """The task set a task value."""
        ...

    def reported(self, report: Report) -> None:
        """The task told something about itself."""
        ...

    def working(self, work: SparkWork) -> None:
        """Spark does this for the task right now; it is shown, and goes on no record."""
        ...

    def noted(self, message: str) -> None:
        """Something that a person should know."""
        ...


class TaskType(Protocol):
    """Runs attempts of one type, each in a thread of its own, several at a time."""

    def __call__(self, work: Work, reports: Reports, stop: StopRequest) -> Ended:
        """Run one attempt to its end; end early when `stop` is requested."""
        ...


class TaskFailedError(Exception):
    """Ends an attempt that cannot be run as it is defined."""

    def __init__(self, cause: Cause, message: str) -> None:
        self.cause = cause
        super().__init__(message)
