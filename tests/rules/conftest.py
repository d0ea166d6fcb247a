"""A scheduler without threads or clock: drives a job whose attempts end as a script says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from nbkit import events
from nbkit.errors import Failure
from nbkit.graph.model import Job
from nbkit.graph.run_graph import RunGraph
from nbkit.rules.apply import apply
from nbkit.rules.commands import StartAttempt, StopAttempt
from nbkit.rules.decide import decide
from nbkit.rules.state import RunState
from nbkit.rules.task_runs import numbered

START = 1_780_000_000_000
RUN_ID = 7


def notebook(key: str, *parents: str, **settings: Any) -> dict[str, Any]:
    """A notebook task; a parent may be `gate=true`."""
    return {
        "task_key": key,
        "depends_on": [depends(parent) for parent in parents],
        "notebook_task": {
            "notebook_path": f"{key}.ipynb",
            "base_parameters": settings.pop("base_parameters", {}),
        },
        **settings,
    }


def condition(key: str, *parents: str, left: str = "1", op: str = "EQUAL_TO", right: str = "1"):
    block = {"left": left, "op": op, "right": right}
    depends_on = [depends(parent) for parent in parents]
    return {"task_key": key, "depends_on": depends_on, "condition_task": block}


def for_each(key: str, *parents: str, inputs: str, task: Any = None, concurrency: int = 1, **more):
    block = {"inputs": inputs, "concurrency": concurrency, "task": task or notebook(f"{key}_one")}
    depends_on = [depends(parent) for parent in parents]
    return {"task_key": key, "depends_on": depends_on, "for_each_task": block, **more}


def depends(parent: str) -> dict[str, str]:
    key, _, outcome = parent.partition("=")
    return {"task_key": key, "outcome": outcome} if outcome else {"task_key": key}


def graph_of(tasks: list[dict[str, Any]], **job: Any) -> RunGraph:
    return RunGraph(Job.model_validate({"name": "job", "tasks": tasks, **job}))


@dataclass(frozen=True)
class Ending:
    """How an attempt ends, after `takes` milliseconds; None: only when it is stopped."""

    result: str = "SUCCESS"
    cause: str = "cell_error"
    message: str = "boom"
    takes: int | None = 10
    values: dict[str, Any] = field(default_factory=dict)
    exit_value: str | None = None
    reports: tuple[dict[str, Any], ...] = ()


class Simulation:
    """One run; `script` has the endings of attempts by task key, the last one repeated.

    Unless `promised`, it is one of an older nbkit, whose tasks had no id before their turn.

    Attributes:
        events: everything recorded; state: its fold.
        starts: units in the order in which their attempts started, with the time since START.
        started: the last command that started each.
    """

    def __init__(
        self,
        tasks,
        script=None,
        *,
        parallel=4,
        parameters=None,
        only=None,
        older=None,
        secrets=None,
        promised=True,
        **job,
    ):
        self.graph = graph_of(tasks, **job)
        self.script = script or {}
        self.now = START
        self.events: list[events.Event] = []
        self.starts: list[tuple[events.Unit, int]] = []
        self.started: dict[events.Unit, StartAttempt] = {}
        self.ends: dict[events.Unit, tuple[int | None, Ending]] = {}
        self.state = RunState.fresh(self.graph)
        self.most_running = 0
        self.record(
            events.RunStarted(
                START,
                RUN_ID,
                1,
                "job",
                parameters or {},
                only=only,
                parallel=parallel,
                task_parameters=older or {},
                secrets=secrets or {},
                task_runs=numbered(self.graph.keys) if promised else {},
            )
        )

    def record(self, event: events.Event) -> None:
        self.events.append(event)
        self.state = apply(self.graph, self.state, event)

    def run(self, until: int | None = None) -> RunState:
        """Go on to the end of the run, or to `until` milliseconds after its start."""
        while not self.state.finished:
            if not self.step(None if until is None else START + until):
                break
        return self.state

    def step(self, until: int | None = None) -> bool:
        """Decide once, or let the next thing happen; False if that is later than `until`."""
        decision = decide(self.graph, self.state, self.now)
        for command in decision.commands:
            self.record(command.as_event(self.now))
            if isinstance(command, StartAttempt):
                self.started[command.unit] = command
                self.start(command.unit)
            elif isinstance(command, StopAttempt):
                self.stop(command.unit, command.cause)
        self.most_running = max(self.most_running, len(self.state.running))
        if decision.commands:
            return True
        times = [at for at, _ in self.ends.values() if at is not None]
        times += [decision.wake] if decision.wake is not None else []
        if until is not None and min(times, default=until + 1) > until:
            self.now = until
            return False
        assert times, "nothing is decided, nothing runs, and nobody will wake us"
        self.now = max(self.now, min(times))
        self.finish_due()
        return True

    def start(self, unit: events.Unit) -> None:
        self.starts.append((unit, self.now - START))
        endings = self.script.get(unit, self.script.get(unit.task_key, Ending()))
        if isinstance(endings, Ending):
            endings = [endings]
        attempt = len(self.state.unit(unit).attempts) - 1
        ending = endings[min(attempt, len(endings) - 1)]
        self.ends[unit] = (None if ending.takes is None else self.now + ending.takes, ending)

    def stop(self, unit: events.Unit, cause: str) -> None:
        result = "TIMEDOUT" if "timeout" in cause else "CANCELED"
        self.ends[unit] = (self.now + 5, Ending(result, cause, "stopped"))

    def finish_due(self) -> None:
        for unit, (at, ending) in list(self.ends.items()):
            if at is None or at > self.now:
                continue
            del self.ends[unit]
            for key, value in ending.values.items():
                self.record(events.TaskValueSet(self.now, unit, key, value))
            last = self.state.unit(unit).last.attempt
            for report in ending.reports:
                self.record(events.AttemptReported(self.now, unit, last, report))
            good = ending.result == "SUCCESS"
            self.record(
                events.AttemptFinished(
                    self.now,
                    unit,
                    last,
                    ending.result,
                    exit_value=ending.exit_value,
                    failure=None if good else Failure(ending.cause, ending.message),
                )
            )

    @property
    def results(self) -> dict[str, str]:
        return {key: self.state.tasks[key].result for key in self.graph.keys}

    @property
    def ran(self) -> list[str]:
        return [unit.task_key for unit, _ in self.starts]


class Kit:
    """What the tests of this room build jobs with and drive them by."""

    START = START
    RUN_ID = RUN_ID
    Ending = Ending
    Simulation = Simulation
    notebook = staticmethod(notebook)
    condition = staticmethod(condition)
    for_each = staticmethod(for_each)
    graph_of = staticmethod(graph_of)
    FAILED = Ending("FAILED")


@pytest.fixture(scope="session")
def kit() -> type[Kit]:
    return Kit
