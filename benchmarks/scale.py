"""Large jobs of tasks that do nothing: how time and memory grow, and how busy the workers are.

Everything but the notebooks is real: rules, loop, threads and ledger. Prints ratios: 1.0 stands
for time and memory in proportion to the size, and for workers that are never idle.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nbkit.clock import SystemClock
from nbkit.events import RunStarted
from nbkit.graph.load import parse_job
from nbkit.ledger.store import Ledger
from nbkit.rules.apply import replay
from nbkit.rules.record import record
from nbkit.rules.state import RunState
from nbkit.scheduler.loop import drive
from nbkit.tasks.work import Ended, Reports, Work
from nbkit.tasks.workers import Workers

if TYPE_CHECKING:
    from nbkit.graph.run_graph import RunGraph
    from nbkit.kernels.attempt import StopRequest

STEPS = 4
"""A size is compared with a quarter of it."""

_NOISE = 0.005
"""What is smaller than this, in seconds or megabytes, gives no ratio."""


def tree(size: int) -> RunGraph:
    """Return a job of tasks in which each task frees two others."""
    tasks = [
        {
            "task_key": f"task_{number}",
            "depends_on": [{"task_key": f"task_{(number - 1) // 2}"}] if number else [],
            "notebook_task": {"notebook_path": "nothing"},
        }
        for number in range(size)
    ]
    return parse_job(json.dumps({"name": "tree", "tasks": tasks})).graph


def wide(size: int) -> RunGraph:
    """Return a job of tasks that wait for nothing."""
    tasks = [
        {"task_key": f"task_{number}", "notebook_task": {"notebook_path": "nothing"}}
        for number in range(size)
    ]
    return parse_job(json.dumps({"name": "wide", "tasks": tasks})).graph


def each(size: int) -> RunGraph:
    """Return a job of one For each task."""
    notebook = {"notebook_path": "nothing", "base_parameters": {"x": "{{input}}"}}
    loop = {
        "inputs": json.dumps(list(range(size))),
        "concurrency": 20,
        "task": {"task_key": "one", "notebook_task": notebook},
    }
    return parse_job(
        json.dumps({"name": "each", "tasks": [{"task_key": "each", "for_each_task": loop}]})
    ).graph


SHAPES = {"tree": tree, "wide": wide, "each": each}


def run(graph: RunGraph, parallel: int, seconds: float = 0) -> dict[str, float]:
    """Run a job whose tasks take so long, and return its seconds, and those of the processor.

    Besides driving the run, that is replaying it from the ledger, and making its record.
    """

    def work(work: Work, reports: Reports, stop: StopRequest) -> Ended:
        del work, reports, stop
        time.sleep(seconds)
        return Ended("SUCCESS")

    clock = SystemClock()
    with tempfile.TemporaryDirectory(prefix="nbkit-bench-") as folder:
        ledger = Ledger(f"sqlite:///{Path(folder)}/ledger.db")
        run_id = ledger.begin("scale", 1, "{}", "scale")
        start = RunStarted(clock.now(), run_id, 1, "scale", parallel=parallel)
        began, began_at = time.process_time(), time.perf_counter()
        with Workers(graph, {"notebook_task": work}, clock) as workers:
            put = partial(ledger.append_many, run_id)
            state = drive(graph, RunState.fresh(graph), workers, put, clock, first=[start])
        driven, wall = time.process_time(), time.perf_counter() - began_at
        assert state.result == "SUCCESS"
        again = replay(graph, ledger.read(run_id))
        replayed = time.process_time()
        document = record(graph, again)
        recorded = time.process_time()
        assert document["state"]["result_state"] == "SUCCESS"
        ledger.close()
    return {
        "wall": wall,
        "drive": driven - began,
        "replay": replayed - driven,
        "record": recorded - replayed,
    }


def measured(shape: str, size: int) -> dict[str, float]:
    """Run a job in a process of its own; its memory is what the run adds to the largest."""
    code = (
        "import json, scale; before = scale.megabytes();"
        f"found = scale.run(scale.SHAPES[{shape!r}]({size}), 8);"
        "print(json.dumps({**found, 'megabytes': scale.megabytes() - before}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def megabytes() -> float:
    """Return the most memory that this process has ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def growth(shape: str, size: int) -> None:
    """Print how a shape of this size compares with a quarter of it."""
    small, large = measured(shape, size // STEPS), measured(shape, size)
    for what, value in large.items():
        unit = "MB" if what == "megabytes" else "s"
        ratio = f"ratio {value / small[what] / STEPS:.2f}" if small[what] > _NOISE else ""
        print(f"{shape:6} {size:6} {what:10} {value:8.2f} {unit:2}  {ratio}")


def makespan(tasks: int, workers: int, seconds: float) -> None:
    """Print how long equal tasks take, against what they would if nothing else cost time."""
    taken = run(wide(tasks), workers, seconds)["wall"]
    ideal = -(-tasks // workers) * seconds
    print(f"{tasks} tasks of {seconds} s on {workers}: {taken:.2f} s  ratio {taken / ideal:.3f}")


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--tasks", type=int, default=1000)
    asked.add_argument("--iterations", type=int, default=5000)
    asked.add_argument("--seconds", type=float, default=0.5, help="of each of the equal tasks")
    given = asked.parse_args()
    growth("tree", given.tasks)
    growth("wide", given.tasks)
    growth("each", given.iterations)
    makespan(40, 2, given.seconds)


if __name__ == "__main__":
    main()
