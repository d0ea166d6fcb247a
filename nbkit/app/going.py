"""A run on its way: its turn, its kernels and its workers, around the one loop."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from nbkit.app.audience import audience
from nbkit.app.calls import serving
from nbkit.app.child_runs import ChildRuns
from nbkit.app.files import tasks as tasks_of
from nbkit.app.queueing import admitted, readmitted
from nbkit.app.sharing import copying
from nbkit.errors import SetupError
from nbkit.events import RunHeldUp
from nbkit.graph.kinds import KINDS
from nbkit.kernels.run_notebook import Kernels
from nbkit.ledger.turn import Turn
from nbkit.rules.queue import too_many
from nbkit.scheduler.cancel import CancelWatch, ctrl_c_cancels
from nbkit.scheduler.loop import drive
from nbkit.tasks.registry import task_types
from nbkit.tasks.workers import Workers
from nbkit.whole_file import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbkit.app.audience import Audience, Begun, View
    from nbkit.app.child_runs import RunFunction, Within
    from nbkit.app.definition import Definition
    from nbkit.clock import Clock
    from nbkit.events import Event
    from nbkit.kernels.pool import Pool
    from nbkit.ledger.store import Ledger
    from nbkit.rules.state import RunState
    from nbkit.settings import Settings


@dataclass(frozen=True, slots=True)
class Stage:
    """What a run finds when it begins or is taken up again.

    Attributes:
        ledger: where its events go.
        clock: tells the time.
        run: runs the jobs that its tasks name.
        view: shows it; None for nobody.
        pool: kernels that were made ahead.
        within: what it has from the run that it is part of.
    """

    ledger: Ledger
    clock: Clock
    run: RunFunction
    view: View | None = None
    pool: Pool | None = None
    within: Within | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that may go on as soon as it is its turn.

    Attributes:
        begun: its id, graph, folder and settings.
        definition: its job.
        state: where it stands.
        first: returns the events to begin with, once it may.
        again: whether it is taken up again.
    """

    begun: Begun
    definition: Definition
    state: RunState
    first: Callable[[], Sequence[Event]]
    again: bool = False


def document_of(definition: Definition) -> str:
    """Return a job as the ledger and the run's folder keep it."""
    return json.dumps(definition.parsed.document, ensure_ascii=False, indent=2)


def go(plan: Plan, stage: Stage) -> None:
    """Drive a run, once it is its turn, with everything that it needs, until it is over.

    Raises:
        NbkitError: it cannot begin.
    """
    begun, ledger, within = plan.begun, stage.ledger, stage.within
    watch = CancelWatch(partial(ledger.cancel_requested, begun.run_id))
    with ExitStack() as stack:
        _keep_graph(plan)
        note = partial(ledger.append, begun.run_id)
        copier = stack.enter_context(copying(begun, note, stage.clock.now))
        listening = stack.enter_context(
            audience(begun, plan.state, ledger, stage.clock, stage.view)
        )
        if copier is not None:
            listening.observers.append(copier)
        if within:
            stack.enter_context(within.stop.watched(lambda _cause: watch.cancel()))
        stack.enter_context(ctrl_c_cancels(watch))
        turn = stack.enter_context(_turn(plan, ledger))
        if not _let_in(plan, turn, listening, watch, stage.clock):
            return
        workers = stack.enter_context(_workers(plan, stage))
        drive(
            begun.graph,
            plan.state,
            workers,
            partial(ledger.append_many, begun.run_id),
            stage.clock,
            watch=watch,
            first=plan.first(),
            observers=listening.observers,
        )


def _keep_graph(plan: Plan) -> None:
    """Write the job as it runs into the run's folder, which is the first file there."""
    folder = plan.begun.directory
    document = f"{document_of(plan.definition)}\n".encode()
    try:
        write_atomically(folder / "graph.json", document)
    except OSError as error:
        message = f"The run folder {folder} cannot be used: {error.strerror or error}"
        raise SetupError(message, "See `[run] directory` in nbkit.toml.") from error


def _turn(plan: Plan, ledger: Ledger) -> Turn:
    """Return the run's claim to be one of as many as may go on at once."""
    return Turn(ledger, plan.begun.run_id, plan.begun.graph.job.max_concurrent_runs)


def _let_in(plan: Plan, turn: Turn, listening: Audience, watch: CancelWatch, clock: Clock) -> bool:
    """Return whether the run may go on, once that is known."""
    job = plan.begun.graph.job
    if plan.again:
        return readmitted(job, turn, tell=listening.tell, watch=watch, clock=clock)
    job_id = plan.definition.job_id(plan.begun.settings.root)
    held_up = RunHeldUp(clock.now(), plan.begun.run_id, job_id, job.name, too_many(job))
    return admitted(job, turn, held_up, tell=listening.tell, watch=watch, clock=clock)


@contextmanager
def _workers(plan: Plan, stage: Stage) -> Iterator[Workers]:
    """Make who does the tasks, with kernels of its own unless it is part of another run."""
    settings, definition, within = plan.begun.settings, plan.definition, stage.within
    with ExitStack() as stack:
        if within:
            kernels = within.kernels
        else:
            kernels = stack.enter_context(_kernels(definition, settings, stage.pool))
            stack.enter_context(serving(kernels, settings, stage.run))
        above = within.way if within else ()
        others = ChildRuns(
            stage.run, definition, settings, stage.ledger, kernels, stage.view, above
        )
        types = task_types(kernels, settings, definition.path.parent, run_job=others)
        board = stack.enter_context(plan.begun.board)
        workers = Workers(
            plan.begun.graph, types, stage.clock, kill=kernels.close, working=board.put
        )
        yield stack.enter_context(workers)


@contextmanager
def _kernels(definition: Definition, settings: Settings, pool: Pool | None) -> Iterator[Kernels]:
    """Make kernels, spare ones too if the job has notebooks."""
    with ExitStack() as stack:
        kernels = Kernels(settings, pool)
        stack.callback(kernels.close)
        work = {KINDS[task.kind].runs for _, task in tasks_of(definition.graph.job)}
        if work & {"kernel", "job"}:
            stack.enter_context(kernels)
        yield kernels
