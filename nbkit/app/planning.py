"""Runs that are planned now and begun later, by a node that takes them from the ledger."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from nbkit.app.creators import user
from nbkit.app.going import document_of
from nbkit.app.idempotency import earlier_run
from nbkit.app.opening import open_ledger
from nbkit.app.running import repair, run_planned, start_of_run
from nbkit.events import RunPlanned, RunStarted
from nbkit.ledger.reader import TokenTakenError
from nbkit.rules.task_runs import numbered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbkit.app.audience import View
    from nbkit.app.definition import Definition
    from nbkit.kernels.pool import Pool
    from nbkit.settings import Settings

_BEGUN_WITHIN_MS = 30_000


def plan(
    definition: Definition,
    settings: Settings,
    *,
    parameters: Mapping[str, str] | None = None,
    only: Sequence[str] | None = None,
    token: str = "",
    trigger: str = "one_time",
    due: int = 0,
    begun_here: bool = False,
    skip_unsupported: bool = False,
    task_parameters: Mapping[str, Any] | None = None,
    creator: str = "",
    pages: str = "",
) -> int:
    """Put a run on record for whichever node takes it, and return its id.

    If the job has a run with this `token`, that one's id is returned: what is planned twice under
    one token is run once.

    Args:
        definition: the job.
        settings: of the project.
        parameters: job parameters by name.
        only: task keys to run, as `graph.select` takes them.
        token: of the run: of a trigger, it names the trigger and the planned time.
        trigger: what starts it.
        due: when it is to begin, in milliseconds by the clock of the ledger; 0 for at once.
        begun_here: the caller begins it; nodes and the service take it only if that comes to
            nothing.
        skip_unsupported: leave out tasks that cannot run, instead of failing.
        task_parameters: older parameters, such as `notebook_params`, for all tasks of a type.
        creator: the name of who asks for it; by default the user of this process.
        pages: address of pages where it is shown, which its id is appended to; empty for none.

    Raises:
        NbkitError: it could never begin; nothing was planned.
    """
    with closing(open_ledger(settings)) as ledger:
        at = ledger.clock.now()
        start = start_of_run(
            definition, settings, at, parameters=parameters, only=only, trigger=trigger
        )
        if token and (earlier := earlier_run(ledger, start.job_id, token)):
            return earlier
        planned = RunPlanned(
            at=at,
            run_id=0,
            job_id=start.job_id,
            run_name=start.run_name,
            due=at + _BEGUN_WITHIN_MS if begun_here else due,
            parameters=dict(parameters or {}),
            only=None if only is None else tuple(only),
            trigger=trigger,
            skip_unsupported=skip_unsupported,
            task_parameters=dict(task_parameters or {}),
            creator=creator or user(),
            pages=pages,
            task_runs=numbered(definition.graph.keys),
        )
        root = str(settings.root)
        document = document_of(definition)
        try:
            return ledger.plan(planned, document, definition.source, token, root=root)
        except TokenTakenError as taken:
            return taken.run_id


def drive_planned(
    run_id: int,
    settings: Settings,
    *,
    fence: int | None = None,
    view: View | None = None,
    pool: Pool | None = None,
) -> None:
    """Drive a planned run to its end: begin it, or go on where the process before was lost.

    Args:
        run_id: which run.
        settings: of the project.
        fence: of the node that took it; without one, nobody may drive it.
        view: shows it; None for nobody.
        pool: kernels that were made ahead.

    Raises:
        RunNotFoundError: there is no such run.
        UsageError: another process drives it.
        NbkitError: it could not begin on this machine.
    """
    with closing(open_ledger(settings)) as ledger:
        begun = any(isinstance(event, RunStarted) for event in ledger.read(run_id))
        if ledger.ended(run_id):
            return
    if begun:
        repair(run_id, settings, fence=fence, view=view, pool=pool)
    else:
        run_planned(run_id, settings, fence=fence, view=view, pool=pool)
