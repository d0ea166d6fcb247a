"""Runs notebooks for tests: real kernels, one Spark driver per session, everything else made up."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import nbformat
from nbformat.v4 import new_code_cell

from nbkit.app.driver import mentions_spark
from nbkit.errors import UsageError
from nbkit.kernels.attempt import NotebookRequest, StopRequest
from nbkit.kernels.kernelspecs import language, read_notebook
from nbkit.kernels.outcome import NotebookFailed
from nbkit.kernels.run_notebook import Kernels
from nbkit.near import hint
from nbkit.rules.references import as_text
from nbkit.settings import find_root
from nbkit.source_notebook import FOUND_BY_NAME
from nbkit.spark import control
from nbkit.testing import in_kernel, result
from nbkit.testing.answers import Answers
from nbkit.testing.replica import Replica
from nbkit.testing.tables import Tables, TableServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nbkit.errors import Failure
    from nbkit.wire import Context

Expected = bool | str | type[BaseException]


class Workshop:
    """Where the notebooks of one project are tested: made once, cleared after each test.

    Args:
        project: root of the project.
        folder: an empty folder for its replica and the output notebooks.
    """

    def __init__(self, project: Path, folder: Path) -> None:
        self.replica = Replica(project, Path(tempfile.mkdtemp(prefix="replica-", dir=folder)))
        self.outputs = Path(tempfile.mkdtemp(prefix="outputs-", dir=folder))
        self._held = ExitStack()
        self.kernels = self._held.enter_context(Kernels(self.replica.settings))
        self._tables: TableServer | None = None
        self._spark_used = False

    def tables(self) -> TableServer:
        """Return the process for tables, started if it is not there yet."""
        if self._tables is None:
            self._tables = TableServer(self.replica.settings)
        self._spark_used = True
        return self._tables

    def heard_of_spark(self, messages: Sequence[Any]) -> None:
        """Take note of a notebook that used Spark without looking as if it would."""
        if any(said["kind"] == "spark_attached" for said in messages):
            self._spark_used = True

    def clear(self) -> None:
        """Leave nothing of a test to the next one."""
        if self._spark_used:
            self.tables().ask("clear", about="the tables of this test cannot be dropped")
            self._spark_used = False
        self.replica.clear()

    def close(self) -> None:
        """End everything that was started."""
        self._held.close()
        if self._tables is not None:
            self._tables.close()
        control.stop(self.replica.settings)
        shutil.rmtree(self.replica.root, ignore_errors=True)


class Workshops:
    """The workshops of a test session, one for each project; a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[Path, Workshop] = {}

    def of(self, project: Path) -> Workshop:
        """Return a project's workshop."""
        if project not in self._open:
            self._open[project] = Workshop(project, self._folder)
        return self._open[project]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for workshop in self._open.values():
            workshop.close()


def folders_of(test: Path, root: Path) -> list[Path]:
    """Return where a test looks for notebooks: its folder, and those above it in the project.

    Args:
        test: the test's file.
        root: pytest's, which may lie below the project's.
    """
    roots = (root, find_root(test.parent))
    inside = [folder for folder in test.parents if any(map(folder.is_relative_to, roots))]
    return inside or [test.parent]


class NotebookRunner:
    """The fixture `notebook`: runs notebooks in one test.

    Args:
        workshops: of the session.
        folders: where a relative path is looked for, in this order.
    """

    def __init__(self, workshops: Workshops, folders: Sequence[Path]) -> None:
        self._workshops = workshops
        self._folders = folders
        self._used: list[Workshop] = []

    def __call__(
        self,
        path: str | Path,
        parameters: Mapping[str, object] | None = None,
        *,
        task_values: Mapping[str, Mapping[str, Any]] | None = None,
        tables: Mapping[str, Any] | None = None,
        secrets: Mapping[str, Mapping[str, str]] | None = None,
        notebook_runs: Mapping[str, Any] | None = None,
        raises: Expected = False,
        check: bool = True,
        timeout: float = 0,
    ) -> result.NotebookResult:
        """Run a notebook to its end, without a job, and return what it did.

        Args:
            path: the notebook, seen from the test's folder or one above it.
            parameters: job parameters, as its widgets and parameters cell will see them.
            task_values: what other tasks have set, by task key, then by name.
            tables: what is in the warehouse, by name: DataFrames, lists of rows, or rows with a
                schema, `(rows, "id INT, name STRING")`.
            secrets: by scope, then key; there are no others.
            notebook_runs: what `dbutils.notebook.run` answers, by path: a value, a function of
                the arguments, or an exception.
            raises: the notebook must fail: so (True), with this error, or with one of this name.
            check: whether an unexpected end is an error of the test; else look at `error`.
            timeout: longest that one cell may run, in seconds; 0 for the project's limit.

        Raises:
            NotebookFailedError: it failed, or should have.
            UsageError: there is no such notebook, or a table is none.
        """
        __tracebackhide__ = True
        file = self._find(Path(path))
        workshop = self._workshops.of(find_root(file.parent))
        if workshop not in self._used:
            self._used.append(workshop)
        workshop.replica.link()
        workshop.replica.keep_secrets(secrets or {})
        if tables or mentions_spark(file):
            workshop.tables()
        for name, table in (tables or {}).items():
            workshop.tables().put(name, table)
        context = _context(workshop.replica, file, parameters or {}, task_values or {})
        with Answers(notebook_runs or {}) as answers:
            context["env"] |= answers.env
            found = _run(workshop, file, context, answers, timeout)
        if check:
            _check(found, raises)
        return found

    def _find(self, path: Path) -> Path:
        __tracebackhide__ = True
        places = [path] if path.is_absolute() else [folder / path for folder in self._folders]
        for place in places:
            for found in (place, *(Path(f"{place}{suffix}") for suffix in FOUND_BY_NAME)):
                if found.is_file():
                    return found.resolve()
        beside = [near.name for folder in self._folders for near in folder.glob("*.ipynb")]
        where = self._folders[0]
        raise UsageError(f"no notebook {path} in {where} or above it{hint(path.name, beside)}")

    @contextmanager
    def test(self) -> Iterator[Self]:
        """Be the fixture of one test, and leave nothing of it."""
        try:
            yield self
        finally:
            for workshop in self._used:
                workshop.clear()


def _context(
    replica: Replica,
    file: Path,
    parameters: Mapping[str, object],
    task_values: Mapping[str, Mapping[str, Any]],
) -> Context:
    return {
        "project": str(replica.root),
        "directory": str(file.parent),
        "notebook_path": file.name,
        "job_id": 0,
        "job_name": "",
        "run_id": 0,
        "task_key": file.stem,
        "task_run_id": 0,
        "attempt": 0,
        "parameters": {name: as_text(value) for name, value in parameters.items()},
        "task_values": {task: dict(values) for task, values in task_values.items()},
        "spark_conf": {},
        "env": dict(replica.env),
    }


def _run(
    workshop: Workshop, file: Path, context: Context, answers: Answers, timeout: float
) -> result.NotebookResult:
    """Run a notebook with a cell before its own that prepares the kernel."""
    __tracebackhide__ = True
    try:
        notebook = read_notebook(file)
    except NotebookFailed as error:
        raise UsageError(error.failure.message) from None
    added = language(notebook) == "python"
    if added:
        notebook.cells.insert(0, new_code_cell(in_kernel.CELL))
    handle = Path(tempfile.mkdtemp(prefix=f"{file.stem}-", dir=workshop.outputs))
    path = handle / f"{file.stem}.ipynb"
    limit = timeout or workshop.replica.settings.run.cell_timeout_seconds
    told = result.Told()
    request = NotebookRequest(notebook, path, context, limit)
    outcome = workshop.kernels.run_notebook(request, told, StopRequest())
    workshop.heard_of_spark(told.messages)
    output = nbformat.read(path, as_version=4)
    failure = outcome.failure
    if added:
        failure = _without_first(output, failure)
        nbformat.write(output, path)
    return result.NotebookResult(
        notebook=file,
        error=failure,
        exit_value=outcome.exit_value,
        task_values=result.task_values(told.messages),
        tables=Tables(workshop.tables),
        expectations=result.expectations(told.messages),
        steps=result.reported(told.messages, "step"),
        displayed=result.displayed(output, outcome.exit_value),
        printed=result.printed(output),
        notebook_runs=answers.calls,
        output=output,
        path=path,
    )


def _without_first(output: Any, failure: Failure | None) -> Failure | None:
    """Take the added cell out of an output notebook; return the failure, its cell counted so."""
    place = next(i for i, cell in enumerate(output.cells) if cell.source == in_kernel.CELL)
    del output.cells[place]
    if failure is None or failure.cell is None or failure.cell <= place:
        return failure
    return replace(failure, cell=failure.cell - 1)


def _check(found: result.NotebookResult, raises: Expected) -> None:
    __tracebackhide__ = True
    error = found.error
    if error is None:
        if raises:
            wanted = "" if raises is True else f" with {getattr(raises, '__name__', raises)}"
            message = f"{found.notebook.name} should have failed{wanted}, and did not"
            raise result.NotebookFailedError(message, found)
        return
    if result.matches(error.error, raises):
        return
    shown = error.traceback.strip() or f"{error.source}\n{error.message}"
    message = f"{found.notebook.name} failed:\n{shown}\n(its output: {found.path})"
    raise result.NotebookFailedError(message, found)
