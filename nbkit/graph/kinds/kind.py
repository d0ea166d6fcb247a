"""What a task type is: one value that all rooms read, pure as everything here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar, cast

from nbkit.graph.fields import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from nbkit.graph.findings import Finding, Loc

    Block = Mapping[str, Any]

Model = TypeVar("Model", bound=Part)

Source = Literal["WORKSPACE", "GIT"]
"""Where a file of a task comes from."""


@dataclass(frozen=True, slots=True)
class FileField:
    """The file that a task names, or the folder.

    Attributes:
        way: fields that lead to it, within the settings of the task's type.
        what: how it is found and read: a notebook, a file of Python in its own encoding, a text,
            a folder, the specification of a pipeline.
        holding: of a folder, the file that shows that it is the right one.
        called: what such a folder is to people.
        from_git: whether Databricks may take it from the job's `git_source`.
    """

    way: tuple[str, ...]
    what: Literal["notebook", "python", "text", "folder", "pipeline"]
    holding: str = ""
    called: str = ""
    from_git: bool = True


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of a task type.

    Attributes:
        field: where a task has its own.
        older: the older parameter of a run that reaches all tasks of the type, such as
            `notebook_params`; empty for none.
        pushed: whether parameters of the job are among them, over the task's own.
    """

    field: str
    older: str = ""
    pushed: bool = True


@dataclass(frozen=True, slots=True)
class Command:
    """A program that has to be installed: its name, and how to get it."""

    name: str
    advice: str


class Found(NamedTuple):
    """The file that a task names.

    Attributes:
        path: where it is, absolute.
        text: what it says, if it is read.
        address: of a pipeline, its path with its key, target and variables.
    """

    path: str
    text: str = ""
    address: str = ""


class Material(NamedTuple):
    """What a program is made from.

    Attributes:
        block: the settings of the task's type, every reference in them resolved.
        parameters: what the task gets by name, those of the job among them.
        file: the one that the task names; None if it names none.
    """

    block: Block
    parameters: Mapping[str, str]
    file: Found | None


@dataclass(frozen=True, slots=True)
class Program:
    """What a kernel runs for a task that is no notebook.

    Attributes:
        title: a line of Markdown above the cells.
        cells: code.
        name: how the job names it; without one, as it names the file.
        env: environment variables, besides those of the job.
    """

    title: str
    cells: tuple[str, ...]
    name: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)


class NotHereError(Exception):
    """A task asks for what only Databricks has; the message says so to a person."""


class Returned(NamedTuple):
    """How an attempt ended, for its `output`.

    Attributes:
        block: the settings of the task's type.
        over: whether it is over.
        exit_value: what its code gave to `dbutils.notebook.exit`; None if it did not.
        rows: what it read last, a `nbkit.wire.RowsRead`.
        child_run_id: the run of the other job.
    """

    block: Block
    over: bool
    exit_value: str | None
    rows: Mapping[str, Any] | None
    child_run_id: int | None


@dataclass(frozen=True, kw_only=True)
class TaskKind(Generic[Model]):
    """A task type: what a job may say of it, and what becomes of that.

    Attributes:
        name: the field of a task that has its settings, such as `notebook_task`.
        model: those settings.
        label: the type in a person's words; by default its name.
        runs: who does such a task: a kernel, which runs the file if that is a notebook, else what
            `program` says; the rules alone; a run of another job; nobody here, so that it is only
            read, kept and validated.
        file: the file that a task names.
        named, listed: its parameters, by name and in order; named ones mean nothing beside listed.
        older: the older parameter of a run whose fields go over the task's own settings.
        needs: a program that has to be installed.
        program: what a kernel runs.
        sets_values: whether its code can hand on task values.
        gives_rows: whether `{{tasks.<key>.output…}}` speaks of it.
        subject: what a task does, in a few words, from its settings.
        output: what the API's `output` says of an attempt.
        wrong: what its settings may not say, be they valid field by field.
        beyond: what nbkit takes and Databricks does not.
        meaningless: fields of a task that say nothing on one of this type.
    """

    name: str
    model: type[Model]
    label: str = ""
    runs: Literal["kernel", "rules", "job", "nobody"] = "nobody"
    file: FileField | None = None
    named: Parameters | None = None
    listed: Parameters | None = None
    older: str = ""
    needs: Command | None = None
    program: Callable[[Material], Program] | None = None
    sets_values: bool = False
    gives_rows: bool = False
    subject: Callable[[Block], str] = lambda _: ""
    output: Callable[[Returned], dict[str, Any]] = lambda _: {}
    wrong: Callable[[Model, Loc], Iterator[Finding]] = lambda *_: iter(())
    beyond: Callable[[Model, Loc], Iterator[tuple[Loc, str]]] = lambda *_: iter(())
    meaningless: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a type that lacks a part.

        Raises:
            TypeError: it does; the message names the part.
        """
        notebook = self.file is not None and self.file.what == "notebook"
        lacks = {
            "a name that ends with _task": not self.name.endswith("_task"),
            "a program, or a notebook as its file": (
                self.runs == "kernel" and (self.program is not None) == notebook
            ),
            "`runs`, though it has a program": self.runs != "kernel" and self.program is not None,
            "a label": self.runs != "nobody" and not self.label,
            "the field that its file is in": (
                self.file is not None and self.file.way[0] not in _fields(self.model)
            ),
            "the field that its parameters are in": any(
                each is not None and each.field not in _fields(self.model)
                for each in (self.named, self.listed)
            ),
        }
        if missing := [part for part, lacking in lacks.items() if lacking]:
            raise TypeError(f"task type {self.name} lacks {', '.join(missing)}")

    @property
    def words(self) -> str:
        """The type in a person's words."""
        return self.label or self.name.removesuffix("_task").replace("_", " ")

    def of(self, task: Part) -> Model | None:
        """Return the settings of a task of this type; None if it is of another."""
        return cast("Model | None", getattr(task, self.name))

    def given(self, block: Block) -> Mapping[str, Any] | list[Any]:
        """Return the parameters that a task gives itself."""
        for each in (self.named, self.listed):
            if each is not None and block.get(each.field):
                return cast("Mapping[str, Any] | list[Any]", block[each.field])
        return {}

    def takes_names(self, block: Block) -> bool:
        """Tell whether parameters of the job reach a task with these settings."""
        if self.named is None or not self.named.pushed:
            return False
        return self.listed is None or not block.get(self.listed.field)


def _fields(model: type[Part]) -> set[str]:
    return {each.alias or name for name, each in model.model_fields.items()}


def first_of(*names: str) -> Callable[[Block], str]:
    """Return what says the first of these fields that a task has."""
    return lambda block: next((str(block[name]) for name in names if block.get(name)), "")
