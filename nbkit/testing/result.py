"""What a tested notebook did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbkit.near import hint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nbformat import NotebookNode

    from nbkit import wire
    from nbkit.errors import Failure
    from nbkit.testing.answers import Call
    from nbkit.testing.tables import Tables


class NotebookFailedError(AssertionError):
    """A tested notebook failed and should not have, or the other way round.

    Attributes:
        result: everything about its run.
    """

    def __init__(self, message: str, result: NotebookResult) -> None:
        self.result = result
        super().__init__(message)


@dataclass
class Told:
    """A listener that keeps what the notebook's kernel says."""

    messages: list[Any] = field(default_factory=list)

    def progressed(self, cell: int, cells: int) -> None:
        """Ignore it."""

    def said(self, message: wire.Message) -> None:
        """Keep it."""
        self.messages.append(message)


@dataclass(frozen=True, slots=True)
class NotebookResult:
    """How a tested notebook ended, and what it did.

    Attributes:
        notebook: its file.
        error: why it failed, None if it did not: `error` is the name of the exception, with
            `message`, `traceback`, and `cell`, the index of the failing cell.
        exit_value: what `dbutils.notebook.exit` got; None if it was not called.
        task_values: what it set by `dbutils.jobs.taskValues.set`.
        tables: all tables as they are now, by name, each a pandas DataFrame.
        expectations: how each expectation fared, as in `nbkit show --json`, with its `dataset`.
        steps: its steps (`nbkit.step`), as in `nbkit show --json`.
        displayed: what it displayed, each as data by MIME type.
        printed: what it printed, standard error included.
        notebook_runs: its calls of `dbutils.notebook.run`.
        output: the notebook with its outputs.
        path: where that is kept; pytest removes it some runs later.
    """

    notebook: Path
    error: Failure | None
    exit_value: str | None
    task_values: dict[str, Any]
    tables: Tables
    expectations: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    displayed: list[dict[str, Any]]
    printed: str
    notebook_runs: list[Call]
    output: NotebookNode
    path: Path

    @property
    def succeeded(self) -> bool:
        """Whether it ran to its end, or left by an exit."""
        return self.error is None

    def expectation(self, name: str) -> dict[str, Any]:
        """Return how one expectation fared: the last, if several have the name.

        Raises:
            KeyError: the notebook has none of the name.
        """
        return _last("expectation", name, self.expectations)

    def step(self, name: str) -> dict[str, Any]:
        """Return one step: the last, if several have the name.

        Raises:
            KeyError: the notebook has none of the name.
        """
        return _last("step", name, self.steps)

    def __repr__(self) -> str:
        """Return it in one line."""
        ended = f"failed: {self.error.message}" if self.error else "succeeded"
        return f"<{self.notebook.name} {ended}>"


def _last(what: str, name: str, found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    named = {each["name"]: each for each in found}
    if name not in named:
        raise KeyError(f"no {what} {name!r}{hint(name, list(named))}")
    return named[name]


def task_values(messages: Sequence[wire.Message]) -> dict[str, Any]:
    """Return the task values that were set, the last of each name."""
    return {said["key"]: said["value"] for said in messages if said["kind"] == "task_value"}


def reported(messages: Sequence[Any], kind: str) -> list[dict[str, Any]]:
    """Return the reports of a kind, the last word on each, in the order of the first."""
    last: dict[str, dict[str, Any]] = {}
    for said in messages:
        if said["kind"] == kind:
            last[said["id"]] = {name: value for name, value in said.items() if name != "kind"}
    return list(last.values())


def expectations(messages: Sequence[Any]) -> list[dict[str, Any]]:
    """Return every expectation by itself, with the dataset that it is about."""
    return [
        {"dataset": measured["dataset"], **result}
        for measured in reported(messages, "expectations")
        for result in measured["results"]
    ]


def displayed(output: NotebookNode, exit_value: str | None) -> list[dict[str, Any]]:
    """Return what the cells of a notebook displayed, in order; an exit's own line is not it."""
    kinds = ("display_data", "execute_result")
    shown = [dict(found.data) for found in _outputs(output) if found.output_type in kinds]
    return shown if exit_value is None else shown[:-1]


def printed(output: NotebookNode) -> str:
    """Return what the cells of a notebook printed, in order."""
    return "".join(shown.text for shown in _outputs(output) if shown.output_type == "stream")


def _outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [shown for cell in notebook.cells for shown in cell.get("outputs", ())]


def matches(error: str, expected: bool | str | type[BaseException]) -> bool:
    """Say whether a notebook's error, known by its class's name, is one that a test expects."""
    if isinstance(expected, bool):
        return expected
    if isinstance(expected, str):
        return error == expected
    return error in _names(expected) or expected in {Exception, BaseException}


def _names(kind: type[BaseException]) -> set[str]:
    """Return the names of a class and of those that derive from it."""
    return {kind.__name__}.union(*(_names(child) for child in kind.__subclasses__()))
