"""Run a job, or take a run up again: rooms wired together around the one loop."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from nbkit.app.child_runs import ChildRuns, Within
from nbkit.app.definition import Definition, load
from nbkit.app.driver import ready_for_spark
from nbkit.app.files import tasks as tasks_of
from nbkit.app.idempotency import awaited, earlier_run
from nbkit.app.parameters import check_declared
from nbkit.app.queueing import admitted, readmitted
from nbkit.clock import SystemClock
from nbkit.errors import DefinitionError, Problem
from nbkit.events import Noted, RunHeldUp, RunStarted
from nbkit.graph.select import select
from nbkit.kernels.run_notebook import Kernels
from nbkit.ledger.claim import claim
from nbkit.ledger.reader import TokenTakenError
from nbkit.ledger.store import Ledger
from nbkit.ledger.turn import Turn
from nbkit.notify.deliver import Notifier
from nbkit.notify.destinations import missing
from nbkit.rules.apply import apply, replay
from nbkit.rules.parameters import with_parameters
from nbkit.rules.queue import too_many
from nbkit.rules.references import NoValueError
from nbkit.rules.repair import lost_attempts, plan_repair
from nbkit.rules.state import RunState
from nbkit.scheduler.cancel import Watch, ctrl_c_cancels
from nbkit.scheduler.loop import drive
from nbkit.tasks.registry import IN_KERNELS, task_types
from nbkit.tasks.workers import Workers
from nbkit.whole_file import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from nbkit.clock import Clock
    from nbkit.events import Event
    from nbkit.graph.run_graph import RunGraph
    from nbkit.kernels.pool import Pool
    from nbkit.scheduler.loop import Observer
    from nbkit.settings import Settings

    View = Callable[["Begun"], AbstractContextManager[Observer]]


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that is about to go on; what views need to show it.

    Attributes:
        run_id: its id.
        graph: what runs.
        directory: the run's folder, where output notebooks and the report go.
        settings: of the project.
    """

    run_id: int
    graph: RunGraph
    directory: Path
    settings: Settings


def start_of_run(
    definition: Definition,
    settings: Settings,
    at: int,
    *,
    run_id: int = 0,
    parameters: Mapping[str, str] | None = None,
    only: Sequence[str] | None = None,
    trigger: str = "one_time",
    skip_unsupported: bool = False,
    task_parameters: Mapping[str, Any] | None = None,
) -> RunStarted:
    """Return the event that a run begins with; checks everything that can be checked before.

    Raises:
        UsageError: a parameter is given that nobody declares.
        DefinitionError: a selected task does not exist, or a parameter has no value.
    """
    given = dict(parameters or {})
    check_declared(definition, given)
    graph = definition.graph
    event = RunStarted(
        at=at,
        run_id=run_id,
        job_id=definition.job_id(settings.root),
        run_name=graph.job.name,
        only=None if only is None else select(graph, list(only)),
        parallel=settings.run.parallel,
        trigger=trigger,
        skip_unsupported=skip_unsupported,
        task_parameters=dict(task_parameters or {}),
    )
    try:
        return with_parameters(graph, event, given)
    except NoValueError as error:
        raise DefinitionError((Problem("parameters", str(error)),), definition.source) from None


def run(
    definition: Definition,
    settings: Settings,
    *,
    parameters: Mapping[str, str] | None = None,
    only: Sequence[str] | None = None,
    token: str = "",
    known: Callable[[int], None] | None = None,
    view: View | None = None,
    clock: Clock | None = None,
    within: Within | None = None,
    skip_unsupported: bool = False,
    pool: Pool | None = None,
) -> int:
    """Run a job to its end and return the run's id; `within` another run, or by itself.

    If the job has a run with this idempotency `token`, nothing runs: that run's id is returned,
    once it is over, and `known` is told. Kernels come from `pool` if that was made ahead.

    Raises:
        NbkitError: the run could not begin; nothing ran.
    """
    clock = clock or SystemClock()
    start = partial(
        start_of_run,
        definition,
        settings,
        parameters=parameters,
        only=only,
        trigger="run_job_task" if within else "one_time",
        skip_unsupported=skip_unsupported,
        task_parameters=within.task_parameters if within else None,
    )
    job_id = start(clock.now()).job_id
    with ExitStack() as stack:
        ledger = _open(stack, settings)
        if token and (earlier := earlier_run(ledger, job_id, token)):
            return awaited(earlier, ledger, settings, known)
        notes = stack.enter_context(ready_for_spark(definition.code, settings))
        document = json.dumps(definition.parsed.document, ensure_ascii=False, indent=2)
        name = definition.graph.job.name
        try:
            run_id = ledger.begin(name, job_id, document, definition.source, token)
        except TokenTakenError as taken:
            return awaited(taken.run_id, ledger, settings, known)
        if within:
            within.begun(run_id)
        begun = Begun(run_id, definition.graph, settings.runs_directory / str(run_id), settings)
        warnings = (str(problem) for problem in definition.parsed.warnings)

        def first() -> list[Event]:
            at = clock.now()
            texts = (*warnings, *notes, *_unheard(begun))
            return [start(at, run_id=run_id), *(Noted(at, text) for text in texts)]

        state = RunState.fresh(definition.graph)
        _go(
            begun,
            definition,
            document,
            state,
            first=first,
            ledger=ledger,
            view=view,
            clock=clock,
            within=within,
            pool=pool,
        )
    return run_id


def repair(
    run_id: int,
    settings: Settings,
    *,
    tasks: Sequence[str] | None = None,
    dependents: bool = False,
    parameters: Mapping[str, str] | None = None,
    view: View | None = None,
    clock: Clock | None = None,
    pool: Pool | None = None,
) -> None:
    """Take a finished or lost run up again, with the job and notebooks as they are now.

    Raises:
        RunNotFoundError: there is no such run.
        UsageError: it is still going, or nothing in it failed.
        NbkitError: it could not begin; nothing ran.
    """
    clock = clock or SystemClock()
    with ExitStack() as stack:
        ledger = _open(stack, settings)
        definition = load(ledger.definition(run_id).source)
        check_declared(definition, dict(parameters or {}))
        begun = Begun(run_id, definition.graph, settings.runs_directory / str(run_id), settings)
        stack.enter_context(claim(begun.directory))
        state = replay(definition.graph, ledger.read(run_id))
        at = clock.now()
        lost = lost_attempts(state, at)
        for event in lost:
            state = apply(definition.graph, state, event)
        repaired = plan_repair(
            definition.graph,
            state,
            at,
            tasks=tasks or (),
            dependents=dependents,
            parameters=parameters,
            parallel=settings.run.parallel,
        )
        notes = stack.enter_context(ready_for_spark(definition.code, settings))
        ledger.forget_requests(run_id)
        document = json.dumps(definition.parsed.document, ensure_ascii=False, indent=2)

        def first() -> list[Event]:
            ledger.redefine(run_id, document)
            ledger.append_many(run_id, lost)
            now = clock.now()
            notices = (Noted(now, text) for text in (*notes, *_unheard(begun)))
            return [replace(repaired, at=now), *notices]

        _go(
            begun,
            definition,
            document,
            state,
            first=first,
            ledger=ledger,
            view=view,
            clock=clock,
            claimed=True,
            pool=pool,
        )


def _unheard(begun: Begun) -> tuple[str, ...]:
    """Return what to note of notifications that no destination is set for."""
    return missing(begun.graph.job, begun.settings.notify)


def _open(stack: ExitStack, settings: Settings) -> Ledger:
    ledger = Ledger(settings.ledger_url)
    stack.callback(ledger.close)
    return ledger


def _go(
    begun: Begun,
    definition: Definition,
    document: str,
    state: RunState,
    *,
    first: Callable[[], Sequence[Event]],
    ledger: Ledger,
    view: View | None,
    clock: Clock,
    claimed: bool = False,
    within: Within | None = None,
    pool: Pool | None = None,
) -> None:
    """Drive the run, once it is its turn, with everything that it needs, until it is over."""
    settings, run_id, job = begun.settings, begun.run_id, begun.graph.job
    job_id = definition.job_id(settings.root)
    watch = Watch(partial(ledger.cancel_requested, run_id))
    with ExitStack() as stack:
        if not claimed:
            stack.enter_context(claim(begun.directory))
        write_atomically(begun.directory / "graph.json", f"{document}\n".encode())
        note = partial(ledger.append, run_id)
        notifier = stack.enter_context(Notifier(begun.graph, settings.notify, clock, note))
        observer = stack.enter_context((view or _unseen)(begun))
        if within:
            stack.enter_context(within.stop.watched(lambda _cause: watch.cancel()))
        stack.enter_context(ctrl_c_cancels(watch))
        observers = [observer, notifier.on_event]
        line = settings.runs_directory / ".jobs" / str(job_id)
        turn = stack.enter_context(Turn(line, run_id, job.max_concurrent_runs))
        tell = _teller(begun, ledger, state, observers)
        if claimed:
            go = readmitted(job, turn, tell=tell, watch=watch, clock=clock)
        else:
            held_up = RunHeldUp(clock.now(), run_id, job_id, job.name, too_many(job))
            go = admitted(job, turn, held_up, tell=tell, watch=watch, clock=clock)
        if not go:
            return
        own = _kernels(definition, settings, pool)
        kernels = within.kernels if within else stack.enter_context(own)
        above = within.way if within else ()
        run_job = ChildRuns(run, definition, settings, ledger, kernels, above)
        types = task_types(kernels, settings, definition.path.parent, run_job=run_job)
        workers = stack.enter_context(Workers(begun.graph, types, clock, kill=kernels.close))
        drive(
            begun.graph,
            state,
            workers,
            partial(ledger.append_many, run_id),
            clock,
            watch=watch,
            first=first(),
            observers=observers,
        )


def _teller(
    begun: Begun, ledger: Ledger, state: RunState, observers: Sequence[Observer]
) -> Callable[[Event], None]:
    """Return what records the events before the loop takes over."""

    def tell(event: Event) -> None:
        nonlocal state
        ledger.append(begun.run_id, event)
        state = apply(begun.graph, state, event)
        for observer in observers:
            observer(event, state)

    return tell


@contextmanager
def _kernels(definition: Definition, settings: Settings, pool: Pool | None) -> Iterator[Kernels]:
    """Make kernels, spare ones too if the job has notebooks."""
    kernels = Kernels(settings, pool)
    try:
        kinds = {task.kind for _, task in tasks_of(definition.graph.job)}
        if kinds & {*IN_KERNELS, "run_job_task"}:
            kernels.__enter__()
        yield kernels
    finally:
        kernels.close()


@contextmanager
def _unseen(begun: Begun) -> Iterator[Observer]:
    del begun
    yield lambda _event, _state: None
