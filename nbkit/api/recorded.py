"""A run with everything that is on record about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from nbkit.on_disk import here
from nbkit.on_disk import shown as shown_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbkit.settings import Settings


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


def recorded(run_id: int, settings: Settings) -> Run:
    """Return a run as it stands now.

    Raises:
        RunNotFoundError: there is no such run.
    """
    from nbkit.app import history

    directory = settings.runs_directory / str(run_id)
    return Run(history.recorded(run_id, settings), settings.root, directory)


def fetch(run_id: int, settings: Settings) -> None:
    """Bring what another machine left of a run here, if the team has a store."""
    if settings.run.store:
        from nbkit.app.sharing import fetch

        fetch(run_id, settings)


def reader(run_id: int, settings: Settings) -> Callable[[], dict[str, Any]]:
    """Return what reads the record of a run each time it is called."""
    from nbkit.app import history

    return partial(history.recorded, run_id, settings)


def near(path: Path) -> str:
    """Return a path as a person in the current folder would type it."""
    at = here()
    return shown_path(path.relative_to(at) if path.is_relative_to(at) else path)
