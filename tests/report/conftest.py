"""Runs played from a script, by the real rules and without a kernel."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from nbkit.errors import Failure
from nbkit.events import (
    AttemptFinished,
    AttemptProgressed,
    AttemptReported,
    RunStarted,
    TaskValueSet,
)
from nbkit.graph.model import Job
from nbkit.graph.run_graph import RunGraph
from nbkit.rules.apply import apply
from nbkit.rules.commands import StartAttempt
from nbkit.rules.decide import decide
from nbkit.rules.state import RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbkit.events import Event, Unit

START = 1_795_430_000_000


@dataclass
class Act:
    """What one attempt does."""

    milliseconds: int = 1000
    failure: Failure | None = None
    exit_value: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    cells: int = 8
    told: tuple[tuple[int, dict[str, Any]], ...] = ()  # each after so many milliseconds


def play(
    graph: RunGraph, script: Callable[[Unit, int], Act], *, name: str = "flights medallion"
) -> Iterator[tuple[Event, RunState]]:
    """Yield every event of a run of which `script` says how each attempt goes."""
    state, now = RunState.fresh(graph), START
    number = itertools.count()
    coming: list[tuple[int, int, Event]] = []
    first = RunStarted(
        at=now, run_id=12, job_id=481_516, run_name=name, parameters={"year": "2013"}, parallel=4
    )
    state = apply(graph, state, first)
    yield first, state
    while not state.finished:
        decision = decide(graph, state, now)
        for command in decision.commands:
            event = command.as_event(now)
            state = apply(graph, state, event)
            yield event, state
            if isinstance(command, StartAttempt):
                act = script(command.unit, command.attempt)
                for made in _events(command, act, now, state.run_id):
                    heapq.heappush(coming, (made.at, next(number), made))
        if decision.commands:
            continue
        wake = decision.wake
        if coming and (wake is None or coming[0][0] <= wake):
            now, _, event = heapq.heappop(coming)
            state = apply(graph, state, event)
            yield event, state
        else:
            assert wake is not None, "nothing runs, nothing is decided and nothing is due"
            now = wake


def _events(command: StartAttempt, act: Act, now: int, run_id: int) -> Iterator[Event]:
    unit, attempt = command.unit, command.attempt
    for cell in range(1, act.cells + 1):
        at = now + act.milliseconds * (cell - 1) // act.cells
        yield AttemptProgressed(at=at, unit=unit, attempt=attempt, cell=cell, cells=act.cells)
    for after, report in act.told:
        times = {"started_at": now, "ended_at": now + after}
        told = {**report, **{name: times[name] for name in times if report[name]}}
        yield AttemptReported(at=now + after, unit=unit, attempt=attempt, report=told)
    end = now + act.milliseconds
    for key, value in act.values.items():
        yield TaskValueSet(at=end, unit=unit, key=key, value=value)
    middle = f"/{unit.iteration}" if unit.iteration is not None else ""
    yield AttemptFinished(
        at=end,
        unit=unit,
        attempt=attempt,
        result="FAILED" if act.failure else "SUCCESS",
        exit_value=act.exit_value,
        failure=act.failure,
        output_notebook=f"runs/{run_id}/{unit.task_key}{middle}/{attempt}.ipynb",
    )


def notebook(key: str, path: str, *after: Any, **more: Any) -> dict[str, Any]:
    """Return a notebook task that runs after the tasks named."""
    parameters = more.pop("parameters", {})
    return {
        "task_key": key,
        "depends_on": [{"task_key": up} if isinstance(up, str) else up for up in after],
        "notebook_task": {"notebook_path": path, "base_parameters": parameters},
        **more,
    }


TRACEBACK = """\
---------------------------------------------------------------------------
ValueError                                Traceback (most recent call last)
Cell In[7], line 3
      1 rejected = flights.filter(F.col("dep_time").isNull())
      2 share = rejected.count() / flights.count()
----> 3 raise ValueError(f"{share:.1%} of the rows have no departure time")

ValueError: 2.5% of the rows have no departure time"""

NO_TIME = Failure(
    cause="cell_error",
    message="2.5% of the rows have no departure time",
    error="ValueError",
    traceback=TRACEBACK,
    cell=6,
    source='rejected = flights.filter(F.col("dep_time").isNull())',
)
RESET = Failure(cause="cell_error", message="Connection reset", error="OSError", cell=2)

FLIGHTS = {
    "name": "flights medallion",
    "parameters": [{"name": "year", "default": "2013"}],
    "tasks": [
        {
            "task_key": "ingest",
            "for_each_task": {
                "inputs": '["flights", "airlines", "airports", "planes", "weather"]',
                "concurrency": 3,
                "task": notebook(
                    "ingest_one",
                    "./bronze/ingest.ipynb",
                    parameters={"table": "{{input}}"},
                    max_retries=1,
                ),
            },
        },
        notebook(
            "clean",
            "./silver/clean.ipynb",
            "ingest",
            max_retries=2,
            min_retry_interval_millis=5000,
            parameters={"date": "2013-01-01", "run": "{{job.run_id}}"},
        ),
        notebook("transform", "./silver/transform.ipynb", "clean"),
        notebook("gold_delays", "./gold/delays.ipynb", "transform"),
        notebook("gold_carriers", "./gold/carriers.ipynb", "transform", max_retries=1),
        notebook("gold_weather", "./gold/weather.ipynb", "transform"),
        {
            "task_key": "quality_gate",
            "depends_on": [{"task_key": "gold_delays"}, {"task_key": "gold_weather"}],
            "condition_task": {
                "left": "{{tasks.clean.values.share}}",
                "op": "GREATER_THAN",
                "right": "0.95",
            },
        },
        notebook("quarantine", "./ops/q.ipynb", {"task_key": "quality_gate", "outcome": "false"}),
        notebook(
            "serve",
            "./serve/dashboard.ipynb",
            {"task_key": "quality_gate", "outcome": "true"},
            "gold_carriers",
        ),
        notebook("tell", "./ops/tell.ipynb", "gold_carriers", run_if="AT_LEAST_ONE_FAILED"),
    ],
}


def flights_script(unit: Unit, attempt: int) -> Act:
    """A day on which the network hiccups and a gold table is refused."""
    key, iteration = unit
    if key == "ingest":
        hiccup = RESET if iteration == 3 and attempt == 0 else None
        return Act(1800 + 700 * (iteration or 0), failure=hiccup, cells=5)
    if key == "clean":
        values = {"rows": 327_346, "share": 0.975, "rejected": {"no_dep_time": 8255}}
        return Act(2600, RESET) if attempt == 0 else Act(4100, None, "327346", values)
    if key == "gold_carriers":
        return Act(2600, NO_TIME)
    return Act({"transform": 6200, "gold_delays": 3700, "gold_weather": 4200}.get(key, 1800))


@dataclass(frozen=True)
class Played:
    """A run from its first event to its last."""

    graph: RunGraph
    events: list[tuple[Event, RunState]]

    @property
    def state(self) -> RunState:
        """The run when it is over."""
        return self.events[-1][1]


@pytest.fixture(scope="session")
def flights() -> Played:
    """A run of the flights job that failed: a retry, a For each, an If/else, what it left out."""
    graph = RunGraph(Job.model_validate(FLIGHTS))
    return Played(graph, list(play(graph, flights_script)))


@pytest.fixture
def played() -> Callable[..., Played]:
    """Play a job of notebooks; `acts` says by task key what its attempts do."""

    def run(tasks: list[dict[str, Any]], acts: dict[str, dict[str, Any]], **more: Any) -> Played:
        graph = RunGraph(Job.model_validate({"tasks": tasks}))
        return Played(
            graph, list(play(graph, lambda unit, _: Act(**acts.get(unit.task_key, {})), **more))
        )

    return run
