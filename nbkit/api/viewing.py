"""Runs as they are on record: look at them, compare them, end them, remove them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from nbkit.api.recorded import Run, fetch, reader, recorded
from nbkit.errors import UsageError
from nbkit.on_disk import is_there
from nbkit.on_disk import shown as shown_path
from nbkit.rules.record import record
from nbkit.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from nbkit.report.compare import RunDiff


def show(run_id: int, *, settings: Settings | None = None) -> Run:
    """Return a run as it stands now.

    Raises:
        RunNotFoundError: there is no such run.
    """
    settings = settings or Settings.of()
    fetch(run_id, settings)
    return recorded(run_id, settings)


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


def places_of_runs(*, settings: Settings | None = None) -> str:
    """Return in words where runs of this project are kept: the ledger, a folder, the store."""
    from nbkit.app import cleaning

    return cleaning.places(settings or Settings.of())


def remove(run_id: int, *, settings: Settings | None = None) -> bool:
    """Remove a run from the ledger, with its files here and in the store.

    Returns:
        Whether it was removed; one that goes on just now is not.
    """
    from nbkit.app import cleaning

    return cleaning.remove(run_id, settings or Settings.of())


_INDEXED = 1000


_DRAWN = 200


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
    fetch(run_id, settings)
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
        kept_row(run, folder / str(run["run_id"]), reader(run["run_id"], settings))
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
    first, second = recorded(before, settings), recorded(after, settings)
    for each in (before, after):
        fetch(each, settings)
    if task is not None:
        require_task(task, first.record, second.record)
    found = diff_runs(first.record, second.record, settings.root, task)
    page = second.directory / f"diff-{before}.html"
    return found, written(page, lambda path: write_diff(found, path, settings.root))
