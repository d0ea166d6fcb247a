"""Every error that nbkit raises on purpose, and what a failed attempt says of itself.

NbkitError                 one clear message for a person; never shown as a traceback
├── UsageError             the command was called wrongly                  exit status 2
├── DefinitionError        the job (or pipeline) definition is invalid     exit status 2
├── RunNotFoundError       no such run in the ledger                       exit status 2
├── JobNotFoundError       no such job is deployed                         exit status 2
├── TakenOverError         another process drives this run by now          exit status 1
└── SetupError             this machine cannot run it: Java, jars, network exit status 3
    └── DriverLostError    the Spark driver went away

Failures of people's notebooks are not exceptions of ours but facts: a `Failure` travels in
events. Foreign exceptions (papermill, nbclient, py4j, Spark, Delta) become one in
`nbkit.kernels.outcome` and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

Severity = Literal["error", "warning", "note"]

Cause = Literal[
    "cell_error",
    "cell_timeout",
    "task_timeout",
    "run_timeout",
    "canceled",
    "kernel_died",
    "kernel_not_started",
    "driver_lost",
    "notebook_unreadable",
    "invalid_reference",
    "condition_error",
    "unsupported",
    "orchestrator_lost",
    "internal",
]


class NbkitError(Exception):
    """The root: carries the exit status that the command line answers with."""

    exit_status: int = 1


class UsageError(NbkitError):
    """The command or call does not make sense; nothing was started."""

    exit_status = 2


class RunNotFoundError(UsageError):
    """The ledger has no run of that id."""


class JobNotFoundError(UsageError):
    """No job of that id is deployed."""

    def __init__(self, job_id: int) -> None:
        self.job_id = job_id
        super().__init__(f"Job {job_id} does not exist.")


class TakenOverError(NbkitError):
    """The run is not this process's any more: it was thought dead, or told to end elsewhere."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a definition.

    Attributes:
        pointer: where, such as `tasks[2].depends_on[0].task_key`; empty for the whole file.
        message: what is wrong and, where there is one, the nearest valid name.
        severity: an `error` keeps the job from running, a `warning` does not, and a `note` is
            nothing that could be put right.
    """

    pointer: str
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        """Return the problem as people read it, on one line."""
        return f"{self.pointer}: {self.message}" if self.pointer else self.message

    @property
    def strictly(self) -> Problem:
        """The same problem to those who take warnings as errors."""
        return replace(self, severity="error") if self.severity == "warning" else self


class DefinitionError(NbkitError):
    """A definition that cannot run, with every problem found in it."""

    exit_status = 2

    def __init__(self, problems: tuple[Problem, ...], source: str = "") -> None:
        self.problems = problems
        self.source = source
        worst_first = sorted(
            problems, key=lambda problem: get_args(Severity).index(problem.severity)
        )
        lines = [str(problem) for problem in worst_first]
        super().__init__("\n".join([f"{source}:", *lines] if source else lines))


class SetupError(NbkitError):
    """This machine or project cannot run Spark as asked.

    Attributes:
        advice: what the person can do about it, in one or two sentences.
    """

    exit_status = 3

    def __init__(self, message: str, advice: str = "") -> None:
        self.advice = advice
        super().__init__(f"{message}\n{advice}" if advice else message)


class StuckError(RuntimeError):
    """Nothing runs, nothing is due and nothing was decided, yet it is not over: a bug of nbkit."""


class DriverLostError(SetupError):
    """The Spark driver ended, or its connection broke, while it was in use."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt did not succeed.

    Attributes:
        cause: what kind of failure; retry and termination rules read nothing else.
        message: one or two lines for a person.
        error: the exception's class name, where an exception was the reason.
        traceback: as the author would see it in the notebook, without terminal colours.
        cell: index of the failing cell in the output notebook, from 0.
        source: the first lines of the failing cell.
        written: index of that cell in the notebook as its author wrote it, from 0.
    """

    cause: Cause
    message: str
    error: str = ""
    traceback: str = ""
    cell: int | None = None
    source: str = ""
    written: int | None = None
