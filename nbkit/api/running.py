"""Run jobs, take runs up again, let nodes run them."""

from __future__ import annotations

import sys
from contextlib import contextmanager, nullcontext
from functools import partial
from threading import Timer
from typing import TYPE_CHECKING, Literal

from nbkit.api.given import texts
from nbkit.api.recorded import Run, near, recorded
from nbkit.app.driver import as_kept
from nbkit.app.located import project_of
from nbkit.errors import UsageError
from nbkit.on_disk import cause
from nbkit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from nbkit.app.audience import Begun, View
    from nbkit.events import Event
    from nbkit.rules.state import RunState
    from nbkit.scheduler.loop import Observer

Show = Literal["live", "quiet", "nothing"]


def run(
    job: str | Path,
    parameters: Mapping[str, object] | None = None,
    *,
    only: Sequence[str] | None = None,
    idempotency_token: str = "",
    skip_unsupported: bool = False,
    strict: bool = False,
    target: str | None = None,
    variables: Mapping[str, object] | None = None,
    show: Show = "live",
    keep: bool | None = None,
    settings: Settings | None = None,
) -> Run:
    """Run a job and wait for its end; Ctrl-C cancels it.

    Args:
        job: a file (.json, .yml, .yaml), or `FILE:job_key` for one job of a bundle.
        parameters: job parameters by name; values are handed over as text.
        only: task keys to run; `+b` with all above it, `c+` with all below.
        idempotency_token: if the job has a run with this token, return that one; nothing runs.
        skip_unsupported: leave out tasks that cannot run here, instead of failing.
        strict: take warnings as errors.
        target: of a bundle; by default its own.
        variables: values of a bundle's variables; `BUNDLE_VAR_…` and its own come after.
        show: progress on standard error: `live`, `quiet` (failures and the end) or `nothing`.
        keep: leave Spark ready for the next run (`keep_minutes` under `[spark]`); by default if
            standard error is a terminal.
        settings: of the project; by default those of the project that the job's file is in.

    Raises:
        NbkitError: the run could not begin. A run that fails is returned, not raised.
    """
    from nbkit.kernels.pool import spares_ahead

    settings = as_kept(settings or project_of(job), keep)
    known: list[int] = []
    with spares_ahead(settings) as pool:
        from nbkit.app.loading import load

        definition = load(job, strict=strict, target=target, variables=texts(variables))
        from nbkit.app import running

        run_id = running.run(
            definition,
            settings,
            parameters=texts(parameters),
            only=only,
            token=idempotency_token,
            skip_unsupported=skip_unsupported,
            known=known.append,
            view=_view(show),
            pool=pool,
        )
    found = recorded(run_id, settings)
    if known and show != "nothing":
        name, result = found.record["run_name"], found.result_state
        print(f"nothing ran: run {run_id} of {name} has this token: {result}", file=sys.stderr)
    return found


def plan(
    job: str | Path,
    parameters: Mapping[str, object] | None = None,
    *,
    only: Sequence[str] | None = None,
    idempotency_token: str = "",
    skip_unsupported: bool = False,
    strict: bool = False,
    target: str | None = None,
    variables: Mapping[str, object] | None = None,
    pages: str = "",
    settings: Settings | None = None,
) -> Run:
    """Leave a run to a node (`nbkit work`), and return at once; the arguments are those of `run`.

    `pages` is the address of pages where it is shown, which its id is appended to.

    Raises:
        NbkitError: the run could never begin; nothing is planned.
    """
    from nbkit.app.loading import load
    from nbkit.app.planning import plan as planned

    settings = settings or project_of(job)
    run_id = planned(
        load(job, strict=strict, target=target, variables=texts(variables)),
        settings,
        parameters=texts(parameters),
        only=only,
        token=idempotency_token,
        skip_unsupported=skip_unsupported,
        pages=pages,
    )
    return recorded(run_id, settings)


def work(
    *,
    at_once: int = 1,
    until_idle: bool = False,
    tell: Callable[[str], None] = print,
    settings: Settings | None = None,
) -> None:
    """Be a node: take planned runs from the ledger, and drive each in a process of its own.

    Ctrl-C and SIGTERM end it once its runs are over, a second one at once.

    Args:
        at_once: how many runs at most.
        until_idle: end as soon as no planned run is left to take.
        tell: is told what happens, in one line each.
        settings: of the project; by default those of the current folder's project.

    Raises:
        NbkitError: the ledger cannot be used.
    """
    from nbkit.app import node

    node.work(settings or Settings.of(), at_once=at_once, until_idle=until_idle, tell=tell)


def drive(
    run_id: int, *, fence: int | None = None, show: Show = "live", settings: Settings | None = None
) -> Run:
    """Drive one planned run to its end, on this machine.

    Args:
        run_id: which run.
        fence: of the node that took it.
        show: progress on standard error: `live`, `quiet` or `nothing`.
        settings: of the project; by default those of the current folder's project.

    Raises:
        NbkitError: it could not begin here, or another process drives it.
    """
    from nbkit.kernels.pool import spares_ahead

    settings = settings or Settings.of()
    with spares_ahead(settings) as pool:
        from nbkit.app.planning import drive_planned

        drive_planned(run_id, settings, fence=fence, view=_view(show), pool=pool)
    return recorded(run_id, settings)


def start(
    job: str | Path,
    parameters: Mapping[str, object] | None = None,
    *,
    only: Sequence[str] | None = None,
    idempotency_token: str = "",
    skip_unsupported: bool = False,
    target: str | None = None,
    variables: Mapping[str, object] | None = None,
    settings: Settings | None = None,
) -> int:
    """Begin a run of a job and return its id at once; it goes on in a process of its own.

    It outlives this process. `show` tells how it stands, and `cancel` ends it.

    Args:
        job: a file, or `FILE:job_key` for one job of a bundle.
        parameters: job parameters by name; values are handed over as text.
        only: task keys to run.
        idempotency_token: if the job has a run with this token, return that one.
        skip_unsupported: leave out what cannot run here, instead of failing.
        target: of a bundle; by default its own.
        variables: values of a bundle's variables.
        settings: of the project; by default those of the project that the job's file is in.

    Raises:
        NbkitError: the run could not begin.
    """
    from contextlib import closing
    from uuid import uuid4

    from nbkit.app.launching import begun_run, launch_run
    from nbkit.app.loading import load
    from nbkit.ledger.store import Ledger

    definition = load(job, target=target, variables=texts(variables))
    if definition.streamed:
        raise UsageError("a job through a pipe cannot begin by itself: name its file")
    settings = settings or Settings.of(definition.path.parent)
    token = idempotency_token or uuid4().hex
    job_id = definition.job_id(settings.root)
    with closing(Ledger(settings.ledger_url)) as ledger:
        launched = launch_run(
            definition.source,
            settings,
            parameters=texts(parameters),
            only=only,
            token=token,
            skip_unsupported=skip_unsupported,
        )
        return begun_run(launched, partial(ledger.run_of, job_id, token))


def repair(
    run_id: int,
    *,
    tasks: Sequence[str] | None = None,
    rerun_dependents: bool = False,
    parameters: Mapping[str, object] | None = None,
    show: Show = "live",
    keep: bool | None = None,
    settings: Settings | None = None,
) -> Run:
    """Take a finished or lost run up again: what failed and what hangs on it, nothing else.

    Args:
        run_id: which run.
        tasks: rerun these; by default all that failed or did not run.
        rerun_dependents: rerun what depends on them too, even if it succeeded.
        parameters: job parameters to change from now on.
        show: progress on standard error: `live`, `quiet` or `nothing`.
        keep: leave Spark ready for the next run, as `run` does.
        settings: of the project; by default those of the current folder's project.

    Raises:
        NbkitError: it could not begin, for instance because nothing failed.
    """
    from nbkit.kernels.pool import spares_ahead

    settings = as_kept(settings or Settings.of(), keep)
    with spares_ahead(settings) as pool:
        from nbkit.app import running

        running.repair(
            run_id,
            settings,
            tasks=tasks,
            dependents=rerun_dependents,
            parameters=texts(parameters),
            view=_view(show),
            pool=pool,
        )
    return recorded(run_id, settings)


_PREPARE_AFTER_SECONDS = 1.5  # when the first notebooks have started


def _view(show: Show) -> View:
    @contextmanager
    def view(begun: Begun) -> Iterator[Observer]:
        from nbkit.report.terminal import LiveTree

        preparing = Timer(_PREPARE_AFTER_SECONDS, _prepare_report)
        preparing.daemon = True
        if not begun.inner:
            preparing.start()
        latest: RunState | None = None
        shown = show != "nothing" and not begun.inner
        tree = LiveTree(begun.graph, quiet=show == "quiet", work_of=begun.board.of)

        def observe(event: Event, state: RunState) -> None:
            nonlocal latest
            latest = state
            if shown:
                tree.on_event(event, state)

        with tree if shown else nullcontext():
            yield observe
        preparing.cancel()
        if latest is None:
            return
        from nbkit.report.page import write_report

        page = begun.directory / "report.html"
        said = near(page)
        try:
            write_report(begun.graph, latest, page, root=begun.settings.root)
        except OSError as error:  # the run has ended as it did, whatever can be told of it
            said = f"cannot be written: {cause(error)}"
        if shown:
            tree.end(latest, notebooks=near(begun.directory), report=said)

    return view


def _prepare_report() -> None:
    """Import and compile what the report needs, while notebooks are at work."""
    from nbkit.report.page import environment

    templates = environment()
    for name in templates.list_templates(extensions=["j2"]):
        templates.get_template(name)
