"""The Python API: jobs run from a notebook, a script or a test, with the record of the run.

The command line is made of these functions.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from threading import Timer
from typing import TYPE_CHECKING, Any, Literal

from nbkit.app.driver import as_kept
from nbkit.app.located import project_of
from nbkit.clock import SystemClock
from nbkit.errors import DefinitionError, UsageError
from nbkit.on_disk import cause, here, is_there
from nbkit.on_disk import shown as shown_path
from nbkit.rules.record import record
from nbkit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from nbkit.app.audience import Begun, View
    from nbkit.errors import Problem
    from nbkit.events import Event
    from nbkit.report.compare import RunDiff
    from nbkit.rules.explain import ExplainedStep
    from nbkit.rules.state import RunState
    from nbkit.scheduler.loop import Observer

Show = Literal["live", "quiet", "nothing"]


@dataclass(frozen=True, slots=True)
class Run:
    """A run with everything that is on record about it.

    Attributes:
        record: as the Jobs API 2.2 answers `runs/get`, with nbkit's additions.
        root: the project root, which `output_notebook` paths are relative to.
        directory: the run's folder: its output notebooks, its graph and its report.
    """

    record: dict[str, Any]
    root: Path
    directory: Path

    @property
    def run_id(self) -> int:
        """The run's id in this project's ledger."""
        return int(self.record["run_id"])

    @property
    def result_state(self) -> str | None:
        """The result as the Jobs API spells it, such as `SUCCESS`; None while it runs."""
        state = self.record["state"].get("result_state")
        return None if state is None else str(state)

    @property
    def succeeded(self) -> bool:
        """Whether it is over and well, also with failures that a later task recovered."""
        return self.result_state in ("SUCCESS", "SUCCESS_WITH_FAILURES")

    @property
    def tasks(self) -> dict[str, dict[str, Any]]:
        """The record of each task, by its key."""
        return {task["task_key"]: task for task in self.record["tasks"]}

    def exit_value(self, task_key: str) -> str | None:
        """Return what a task's notebook gave to `dbutils.notebook.exit`; None if it did not."""
        output = self.tasks[task_key]["output"].get("notebook_output", {})
        value = output.get("result")
        return None if value is None else str(value)

    def value(self, task_key: str, name: str) -> Any:
        """Return a task value.

        Raises:
            KeyError: the task did not set it.
        """
        return self.tasks[task_key]["task_values"][name]

    def output_notebook(self, task_key: str) -> Path:
        """Return the output notebook of a task's last attempt."""
        return self.root / str(self.tasks[task_key]["output_notebook"])

    @property
    def report(self) -> Path:
        """The run's HTML report."""
        return self.directory / "report.html"

    def __repr__(self) -> str:
        """Return the run in one line."""
        name = self.record["run_name"]
        return f"<Run {self.run_id} of {name!r}: {self.result_state or 'RUNNING'}>"


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

        definition = load(job, strict=strict, target=target, variables=_as_text(variables))
        from nbkit.app import running

        run_id = running.run(
            definition,
            settings,
            parameters=_as_text(parameters),
            only=only,
            token=idempotency_token,
            skip_unsupported=skip_unsupported,
            known=known.append,
            view=_view(show),
            pool=pool,
        )
    found = _recorded(run_id, settings)
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
    settings: Settings | None = None,
) -> Run:
    """Leave a run to a node (`nbkit work`), and return at once; the arguments are those of `run`.

    Raises:
        NbkitError: the run could never begin; nothing is planned.
    """
    from nbkit.app.loading import load
    from nbkit.app.planning import plan as planned

    settings = settings or project_of(job)
    run_id = planned(
        load(job, strict=strict, target=target, variables=_as_text(variables)),
        settings,
        parameters=_as_text(parameters),
        only=only,
        token=idempotency_token,
        skip_unsupported=skip_unsupported,
    )
    return _recorded(run_id, settings)


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
    return _recorded(run_id, settings)


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

    definition = load(job, target=target, variables=_as_text(variables))
    if definition.streamed:
        raise UsageError("a job through a pipe cannot begin by itself: name its file")
    settings = settings or Settings.of(definition.path.parent)
    token = idempotency_token or uuid4().hex
    job_id = definition.job_id(settings.root)
    with closing(Ledger(settings.ledger_url)) as ledger:
        launched = launch_run(
            definition.source,
            settings,
            parameters=_as_text(parameters),
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
            parameters=_as_text(parameters),
            view=_view(show),
            pool=pool,
        )
    return _recorded(run_id, settings)


def validate(
    job: str | Path,
    *,
    strict: bool = False,
    target: str | None = None,
    variables: Mapping[str, object] | None = None,
) -> tuple[Problem, ...]:
    """Return everything wrong with a job, or with all that a bundle has; nothing is run.

    Of a bundle that is named without a key all jobs are checked, and its pipelines as far as
    that needs no Spark.
    """
    from nbkit.app.loading import pipelines_of_bundle, problems

    given = _as_text(variables)
    found = problems(job, strict=strict, target=target, variables=given)
    if pipelines := pipelines_of_bundle(job, target=target, variables=given):
        found += _wrong_pipelines(pipelines)
    return found


def _wrong_pipelines(pipelines: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return what is wrong with the settings of a bundle's pipelines, addresses by key."""
    from nbkit.pipelines.declare.spec import read_spec

    found: list[Problem] = []
    for key, address in pipelines.items():
        try:
            read_spec(address)
        except DefinitionError as error:
            top = f"resources.pipelines.{key}"
            found += (
                each
                if each.pointer.startswith("resources")
                else replace(each, pointer=f"{top}.{each.pointer}".rstrip("."))
                for each in error.problems
            )
    return tuple(found)


def explain(
    job: str | Path,
    parameters: Mapping[str, object] | None = None,
    *,
    only: Sequence[str] | None = None,
    target: str | None = None,
    variables: Mapping[str, object] | None = None,
    settings: Settings | None = None,
) -> list[ExplainedStep]:
    """Return what a run would do, in order, with what values; nothing is run.

    Raises:
        NbkitError: the job or a parameter is invalid.
    """
    from nbkit.app import running
    from nbkit.app.loading import load
    from nbkit.rules.explain import explain as explained

    definition = load(job, target=target, variables=_as_text(variables))
    start = running.start_of_run(
        definition,
        settings or Settings.of(definition.path.parent),
        SystemClock().now(),
        parameters=_as_text(parameters),
        only=only,
    )
    return explained(definition.graph, start)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a job's settings."""
    from nbkit.graph.schema import job_schema

    return job_schema()


def export(
    job: str | Path,
    form: Literal["yaml", "json"] = "yaml",
    *,
    target: str | None = None,
    variables: Mapping[str, object] | None = None,
) -> str:
    """Return a job as Databricks takes it, with its variables replaced.

    Args:
        job: a file, or `FILE:job_key` for one job of a bundle.
        form: `yaml` for a bundle with this job, `json` for settings as the Jobs API has them.
        target: of a bundle; by default its own.
        variables: values of a bundle's variables.

    Raises:
        NbkitError: the job is invalid.
    """
    from nbkit.app.export import exported

    return exported(job, form, target=target, variables=_as_text(variables))


def show(run_id: int, *, settings: Settings | None = None) -> Run:
    """Return a run as it stands now.

    Raises:
        RunNotFoundError: there is no such run.
    """
    settings = settings or Settings.of()
    _fetch(run_id, settings)
    return _recorded(run_id, settings)


def runs(
    *, job_name: str | None = None, limit: int = 20, settings: Settings | None = None
) -> list[dict[str, Any]]:
    """Return the latest runs, newest first, in the shape of the Jobs API's `runs/list`."""
    from nbkit.app import history

    return history.runs(settings or Settings.of(), job_name=job_name, limit=limit)


def cancel(run_id: int, *, settings: Settings | None = None) -> str:
    """Ask for the end of a run, and return what comes of it in one sentence.

    Raises:
        RunNotFoundError: there is no such run.
    """
    from nbkit.app import history

    return history.cancel(run_id, settings or Settings.of())


def old_runs(keep: str, *, settings: Settings | None = None) -> list[tuple[int, str]]:
    """Return id and job of the runs that have been over for longer than `keep`, such as `90d`.

    Raises:
        UsageError: that is no age.
    """
    from nbkit.app import cleaning

    found = cleaning.old_runs(settings or Settings.of(), cleaning.age(keep))
    return [(run.run_id, run.job_name) for run in found]


def remove(run_id: int, *, settings: Settings | None = None) -> bool:
    """Remove a run from the ledger, with its files here and in the store.

    Returns:
        Whether it was removed; one that goes on just now is not.
    """
    from nbkit.app import cleaning

    return cleaning.remove(run_id, settings or Settings.of())


def review(
    run_id: int | None = None, *, task: str | None = None, settings: Settings | None = None
) -> Path:
    """Write a page to look at, and return its path: a run's report, the index of runs, a notebook.

    Args:
        run_id: the run; without it, the index of runs is written.
        task: of the run; its output notebook is the page, for an iteration `KEY[NUMBER]`.
        settings: of the project; by default those of the current folder's project.

    Raises:
        RunNotFoundError: there is no such run.
        UsageError: there is no such task, or it left no output notebook.
    """
    from nbkit.app import history
    from nbkit.report.notebook_page import notebook_of, write_notebook_page
    from nbkit.report.page import write_report
    from nbkit.report.pages import written

    settings = settings or Settings.of()
    if run_id is None and task is not None:
        raise UsageError("--task names a task of a run: say which run")
    if run_id is None:
        return _index(settings)
    graph, state = history.show(run_id, settings)
    _fetch(run_id, settings)
    if task is not None:
        notebook = settings.root / notebook_of(record(graph, state), task)
        return written(notebook.with_suffix(".html"), partial(write_notebook_page, notebook))
    page = settings.runs_directory / str(run_id) / "report.html"
    return written(page, lambda path: write_report(graph, state, path, root=settings.root))


def _index(settings: Settings) -> Path:
    """Write the index of runs, and return its path."""
    from nbkit.app import history
    from nbkit.report.index import write_index
    from nbkit.report.pages import written
    from nbkit.report.rows import kept_row

    folder = settings.runs_directory
    listed = history.runs(settings, limit=_INDEXED)
    if not listed and not is_there(folder):
        raise UsageError(f"there are no runs in {shown_path(settings.root)} yet")
    rows = [
        kept_row(run, folder / str(run["run_id"]), _reader(run["run_id"], settings))
        for run in listed[:_DRAWN]
    ]
    return written(
        folder / "index.html", lambda page: write_index(listed, page, rows, runs_folder=folder)
    )


def diff(
    before: int, after: int, *, task: str | None = None, settings: Settings | None = None
) -> tuple[RunDiff, Path]:
    """Compare two runs and their output notebooks; return what differs, and its page.

    Args:
        before: the run to start from.
        after: the run to compare with it.
        task: compare only this one.
        settings: of the project; by default those of the current folder's project.

    Raises:
        RunNotFoundError: there is no such run.
        UsageError: neither run has such a task.
    """
    from nbkit.report.compare import require_task
    from nbkit.report.diff import diff_runs, write_diff
    from nbkit.report.pages import written

    settings = settings or Settings.of()
    first, second = _recorded(before, settings), _recorded(after, settings)
    for each in (before, after):
        _fetch(each, settings)
    if task is not None:
        require_task(task, first.record, second.record)
    found = diff_runs(first.record, second.record, settings.root, task)
    page = second.directory / f"diff-{before}.html"
    return found, written(page, lambda path: write_diff(found, path, settings.root))


_INDEXED = 1000
_PREPARE_AFTER_SECONDS = 1.5  # when the first notebooks have started
_DRAWN = 200


def _reader(run_id: int, settings: Settings) -> Callable[[], dict[str, Any]]:
    from nbkit.app import history

    return partial(history.recorded, run_id, settings)


def _fetch(run_id: int, settings: Settings) -> None:
    """Bring what another machine left of a run here, if the team has a store."""
    if settings.run.store:
        from nbkit.app.sharing import fetch

        fetch(run_id, settings)


def _recorded(run_id: int, settings: Settings) -> Run:
    from nbkit.app import history

    directory = settings.runs_directory / str(run_id)
    return Run(history.recorded(run_id, settings), settings.root, directory)


def _as_text(parameters: Mapping[str, object] | None) -> dict[str, str]:
    from nbkit.rules.references import as_text

    for name in parameters or {}:
        if not isinstance(name, str):
            raise UsageError(f"a parameter's name is text, not {name!r}")
    return {name: as_text(value) for name, value in (parameters or {}).items()}


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
        tree = LiveTree(begun.graph, quiet=show == "quiet")

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


def near(path: Path) -> str:
    """Return a path as a person in the current folder would type it."""
    at = here()
    return shown_path(path.relative_to(at) if path.is_relative_to(at) else path)
