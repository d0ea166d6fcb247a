"""Run a job, or take a run up again: rooms wired together around the one loop."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from nbkit.app.audience import Begun
from nbkit.app.creators import user
from nbkit.app.definition import Definition, of_notebook, of_record
from nbkit.app.deployed import of_run
from nbkit.app.driver import ready_for_spark
from nbkit.app.going import Plan, Stage, document_of, go
from nbkit.app.history import give_up
from nbkit.app.idempotency import awaited, earlier_run
from nbkit.app.loading import load
from nbkit.app.located import in_project
from nbkit.app.opening import open_ledger
from nbkit.app.parameters import check_declared
from nbkit.app.sharing import as_here
from nbkit.clock import SystemClock
from nbkit.errors import DefinitionError, NbkitError, Problem, UsageError
from nbkit.events import Noted, RunCreated, RunPlanned, RunStarted
from nbkit.graph.select import select
from nbkit.ledger.reader import TokenTakenError
from nbkit.notify.destinations import missing
from nbkit.rules.apply import apply, replay
from nbkit.rules.parameters import with_parameters
from nbkit.rules.references import NoValueError
from nbkit.rules.repair import lost_attempts, plan_repair
from nbkit.rules.task_runs import not_numbered, numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nbkit.app.audience import View
    from nbkit.app.child_runs import Within
    from nbkit.clock import Clock
    from nbkit.events import Event
    from nbkit.kernels.pool import Pool
    from nbkit.ledger.store import Ledger
    from nbkit.rules.secrets import Places
    from nbkit.rules.state import RunState
    from nbkit.settings import Settings


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
    secrets: Mapping[str, Places] | None = None,
    trigger_info: Mapping[str, Any] | None = None,
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
        trigger_info=dict(trigger_info or {}),
    )
    try:
        return with_parameters(graph, event, given, secrets)
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
    start = partial(
        start_of_run,
        definition,
        settings,
        parameters=parameters,
        only=only,
        trigger=within.trigger if within else "one_time",
        skip_unsupported=skip_unsupported,
        task_parameters=within.task_parameters if within else None,
        secrets=within.secrets if within else None,
    )
    expected = start(SystemClock().now())
    with ExitStack() as stack:
        ledger = stack.enter_context(closing(open_ledger(settings)))
        clock = clock or ledger.clock
        if token and (earlier := earlier_run(ledger, expected.job_id, token)):
            return awaited(earlier, ledger, known)
        notes = stack.enter_context(ready_for_spark(definition.code, settings))
        try:
            run_id = ledger.begin(
                expected.run_name,
                expected.job_id,
                document_of(definition),
                definition.source,
                token,
                root=str(settings.root),
                created=_created(expected, definition, clock.now()),
            )
        except TokenTakenError as taken:
            return awaited(taken.run_id, ledger, known)
        if within:
            within.begun(run_id)
        begun = _begun(run_id, definition, settings, inner=within is not None)
        state = replay(definition.graph, ledger.read(run_id))
        first = partial(_first, begun, definition, state, start, clock, notes=notes)
        go(Plan(begun, definition, state, first), Stage(ledger, clock, run, view, pool, within))
    return run_id


def run_planned(
    run_id: int,
    settings: Settings,
    *,
    fence: int | None = None,
    view: View | None = None,
    pool: Pool | None = None,
) -> None:
    """Run to its end what was planned, with the job and notebooks as they are now.

    A job that cannot run ends the run, as failed.

    Raises:
        UsageError: it was not planned, or another process drives it.
        NbkitError: it cannot begin on this machine, perhaps on another.
    """
    with ExitStack() as stack:
        ledger = stack.enter_context(closing(open_ledger(settings)))
        ledger.claim(run_id, fence)
        events = ledger.read(run_id)
        planned = events[0] if events else None
        if not isinstance(planned, RunPlanned):
            raise UsageError(f"Run {run_id} was not planned: there is nothing to begin.")
        try:
            definition = _as_now(ledger, run_id, settings)
            start = partial(
                start_of_run,
                definition,
                settings,
                parameters=planned.parameters,
                only=planned.only,
                trigger=planned.trigger,
                skip_unsupported=planned.skip_unsupported,
                task_parameters=planned.task_parameters,
                trigger_info=planned.trigger_info,
            )
            start(ledger.clock.now())
        except (UsageError, DefinitionError) as error:
            give_up(run_id, ledger, str(_errors_of(error)))
            return
        notes = stack.enter_context(ready_for_spark(definition.code, settings))
        ledger.redefine(run_id, document_of(definition))
        begun = _begun(run_id, definition, settings)
        state = replay(definition.graph, events)
        told = (*filter(None, [planned.message]), *notes)
        first = partial(_first, begun, definition, state, start, ledger.clock, notes=told)
        go(Plan(begun, definition, state, first), Stage(ledger, ledger.clock, run, view, pool))


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
    fence: int | None = None,
) -> None:
    """Take a finished or lost run up again, with the job and notebooks as they are now.

    Raises:
        RunNotFoundError: there is no such run.
        UsageError: it is still going, or nothing in it failed.
        NbkitError: it could not begin; nothing ran.
    """
    with ExitStack() as stack:
        ledger = stack.enter_context(closing(open_ledger(settings)))
        clock = clock or ledger.clock
        definition = _as_now(ledger, run_id, settings)
        check_declared(definition, dict(parameters or {}))
        begun = _begun(run_id, definition, settings)
        ledger.claim(run_id, fence)
        state = replay(definition.graph, as_here(ledger.read(run_id), run_id, settings))
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

        def first() -> list[Event]:
            ledger.redefine(run_id, document_of(definition))
            ledger.append_many(run_id, lost)
            now = clock.now()
            notices = (Noted(now, text) for text in (*notes, *_unheard(begun)))
            return [replace(repaired, at=now), *notices]

        plan = Plan(begun, definition, state, first, again=True)
        go(plan, Stage(ledger, clock, run, view, pool))


def _created(expected: RunStarted, definition: Definition, at: int) -> RunCreated:
    """Return what is on record of a run from the first moment, under whichever id it gets."""
    return RunCreated(
        at=at,
        run_id=0,
        job_id=expected.job_id,
        run_name=expected.run_name,
        trigger=expected.trigger,
        creator=user(),
        task_runs=numbered(definition.graph.keys),
    )


def _errors_of(error: NbkitError) -> NbkitError:
    """Leave out what a definition is only warned of."""
    if not isinstance(error, DefinitionError):
        return error
    wrong = tuple(each for each in error.problems if each.severity == "error")
    return DefinitionError(wrong, error.source)


def _first(
    begun: Begun,
    definition: Definition,
    state: RunState,
    start: Callable[..., RunStarted],
    clock: Clock,
    *,
    notes: Sequence[str],
) -> list[Event]:
    """Return the events that a run begins with."""
    at = clock.now()
    warnings = (str(problem) for problem in definition.parsed.warnings)
    texts = (*warnings, *notes, *_unheard(begun))
    started = replace(start(at, run_id=begun.run_id), task_runs=not_numbered(begun.graph, state))
    return [started, *(Noted(at, text) for text in texts)]


def _as_now(ledger: Ledger, run_id: int, settings: Settings) -> Definition:
    """Return the job of a run as it is now, in this machine's copy of the project."""
    kept = ledger.definition(run_id)
    source = in_project(kept.source, ledger.root_of(run_id), settings.root)
    deployed = of_run(source, kept.graph, ledger.jobs, settings.root)
    definition = deployed or of_record(kept.graph, source) or load(source)
    if definition.is_notebook:  # what its caller gave it is in the record alone
        definition = of_notebook(definition.path, kept.graph)
    return definition


def _begun(
    run_id: int, definition: Definition, settings: Settings, *, inner: bool = False
) -> Begun:
    directory = settings.runs_directory / str(run_id)
    return Begun(run_id, definition.graph, directory, settings, inner)


def _unheard(begun: Begun) -> tuple[str, ...]:
    """Return what to note of notifications that no destination is set for."""
    return missing(begun.graph.job, begun.settings.notify)
