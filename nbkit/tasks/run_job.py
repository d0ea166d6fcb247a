"""`run_job_task`: a run of another job, by itself on record, and linked from the attempt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from nbkit.errors import Failure, NbkitError
from nbkit.rules.parameters import OF_TASKS
from nbkit.tasks.work import Ended, TaskFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbkit.events import ResultState
    from nbkit.kernels.attempt import StopRequest
    from nbkit.tasks.work import Reports, Work


@dataclass(frozen=True, slots=True)
class JobCall:
    """Which job to run, and with what.

    Attributes:
        job: as the task has it: a file, a key of the same bundle, a name, or a job's number.
        parameters: job parameters, those of the calling job among them.
        named: the ones that the task itself gives, which the other job has to know.
        skip_unsupported: whether to leave out what cannot run here, as the calling run does.
        task_parameters: older parameters, such as `notebook_params`, for all tasks of a type.
        secrets: where the parameters have references to secrets that their authors wrote.
    """

    job: int | str
    parameters: Mapping[str, str]
    named: frozenset[str]
    skip_unsupported: bool = False
    task_parameters: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChildEnd:
    """How the run of the other job ended."""

    run_id: int
    result: ResultState | None
    message: str


class JobRunner(Protocol):
    """Runs other jobs."""

    def __call__(self, call: JobCall, stop: StopRequest, begun: Callable[[int], None]) -> ChildEnd:
        """Run a job to its end; cancel it when `stop` is requested.

        Args:
            call: what to run.
            stop: may ask for the end.
            begun: is told the run's id as soon as there is one.

        Raises:
            NbkitError: the run could not begin.
        """
        ...


class RunJobTasks:
    """Runs attempts at Run Job tasks."""

    def __init__(self, run_job: JobRunner | None) -> None:
        self._run_job = run_job

    def __call__(self, work: Work, reports: Reports, stop: StopRequest) -> Ended:
        """Run the other job to its end.

        Raises:
            TaskFailedError: it could not begin.
        """
        if self._run_job is None:
            raise TaskFailedError("unsupported", "Nobody here runs other jobs.")
        block = work.block
        own = frozenset(block.get("job_parameters", {}))
        skips = work.state.skip_unsupported
        older = {name: block[name] for name in OF_TASKS if block.get(name)}
        given, secrets = work.command.parameters, work.command.secrets
        call = JobCall(block["job_id"], given, own, skips, older, secrets)

        def begun(run_id: int) -> None:
            reports.noted(f"Job {block['job_id']} begins as run {run_id}.")

        try:
            end = self._run_job(call, stop, begun)
        except NbkitError as error:
            message = f"Job {block['job_id']} could not begin: {error}"
            raise TaskFailedError("invalid_reference", message) from error
        return _ended(end, stop)


def _ended(end: ChildEnd, stop: StopRequest) -> Ended:
    said = f"Run {end.run_id} of the other job ended as {end.result}"
    message = f"{said}: {end.message}" if end.message else f"{said}."
    if stop.cause is not None:
        result: ResultState = "CANCELED" if stop.cause == "canceled" else "TIMEDOUT"
        failure = Failure(stop.cause, f"Stopped with run {end.run_id} of the other job.")
        return Ended(result, failure=failure, child_run_id=end.run_id)
    if end.result in {"SUCCESS", "SUCCESS_WITH_FAILURES"}:
        return Ended("SUCCESS", child_run_id=end.run_id)
    if end.result == "CANCELED":
        failure = Failure("canceled", message)
        return Ended("CANCELED", failure=failure, child_run_id=end.run_id)
    return Ended("FAILED", failure=Failure("cell_error", message), child_run_id=end.run_id)
