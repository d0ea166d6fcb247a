"""Runs of other jobs within a run: on record by themselves, on the kernels of the whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from nbkit.app.child_jobs import child_of, circle
from nbkit.app.deployed import reading
from nbkit.errors import UsageError
from nbkit.events import RunFinished
from nbkit.ledger.deployed import DEPLOYED
from nbkit.tasks.run_job import ChildEnd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbkit.app.audience import View
    from nbkit.app.definition import Definition
    from nbkit.kernels.attempt import StopRequest
    from nbkit.kernels.run_notebook import Kernels
    from nbkit.ledger.store import Ledger
    from nbkit.settings import Settings
    from nbkit.tasks.run_job import JobCall

_REMEMBERED_RUNS = 1000


@dataclass(frozen=True, slots=True)
class Within:
    """What a run has from the run that it is part of.

    Attributes:
        kernels: of the outermost run.
        stop: asks for its end.
        begun: is told its id.
        way: the jobs that lead to it, the outermost first.
        task_parameters: what the task gives to all tasks of a type.
        trigger: what started it, for the record.
        secrets: where the run's parameters have references to secrets, which authors wrote.
    """

    kernels: Kernels
    stop: StopRequest
    begun: Callable[[int], None]
    way: tuple[Definition, ...]
    task_parameters: Mapping[str, Any] = field(default_factory=dict)
    trigger: str = "run_job_task"
    secrets: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)


class RunFunction(Protocol):
    """`nbkit.app.running.run`, as far as it is needed here."""

    def __call__(
        self,
        definition: Definition,
        settings: Settings,
        *,
        parameters: Mapping[str, str],
        view: View | None,
        within: Within,
        skip_unsupported: bool,
    ) -> int:
        """Run a job to its end and return the run's id."""
        ...


@dataclass(frozen=True, slots=True)
class ChildRuns:
    """Runs the jobs that the tasks of one run name; a `nbkit.tasks.run_job.JobRunner`.

    Attributes:
        run: runs a job.
        job: the one whose run this is.
        settings, ledger, kernels: of the run.
        view: shows them as part of this one; None for nobody.
        above: the jobs that lead to this one.
    """

    run: RunFunction
    job: Definition
    settings: Settings
    ledger: Ledger
    kernels: Kernels
    view: View | None = None
    above: tuple[Definition, ...] = field(default=())

    def __call__(self, call: JobCall, stop: StopRequest, begun: Callable[[int], None]) -> ChildEnd:
        """Run the job that a task names to its end.

        Raises:
            NbkitError: there is no such job, or it cannot begin.
        """
        known = {each.job_id: each.source for each in self.ledger.runs(limit=_REMEMBERED_RUNS)}
        jobs = self.ledger.jobs
        known |= {each.job_id: f"{DEPLOYED}{each.job_id}" for each in jobs.all()}
        read = reading(jobs, self.settings.root)
        child = child_of(self.job, call.job, read, known)
        way = (*self.above, self.job)
        if child.source in [job.source for job in way]:
            raise UsageError(circle((*way, child)))
        declared = {parameter.name for parameter in child.graph.job.parameters}
        given = {
            name: value
            for name, value in call.parameters.items()
            if name in declared or name in call.named
        }
        secrets = {name: places for name, places in call.secrets.items() if name in given}
        within = Within(self.kernels, stop, begun, way, call.task_parameters, secrets=secrets)
        run_id = self.run(
            child,
            self.settings,
            parameters=given,
            view=self.view,
            within=within,
            skip_unsupported=call.skip_unsupported,
        )
        events = self.ledger.read(run_id)
        end = next((event for event in reversed(events) if isinstance(event, RunFinished)), None)
        if end is None:
            return ChildEnd(run_id, None, "it has no end on record")
        return ChildEnd(run_id, end.result, end.message)
