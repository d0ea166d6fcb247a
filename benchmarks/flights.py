"""Five notebooks of the flights example in a row: papermill, nbkit, and the bare statements.

The same code cells in all three: ingest (five tables), clean, transform, gold (three tables) and
serve, in a linear job.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import workbench as bench

EXAMPLE = Path(__file__).parents[1] / "notebooks" / "flights"
TABLES = ("flights", "airlines", "airports", "planes", "weather")
STEPS = {
    "ingest": ["ingest"] * len(TABLES),
    "clean": ["clean"],
    "transform": ["transform"],
    "gold": ["gold_carriers", "gold_routes", "gold_delays_by_hour"],
    "serve": ["serve"],
}
DBUTILS = """\
import json
from pathlib import Path

class _Values:
    file = Path("task_values.json")
    def set(self, key, value):
        self.file.write_text(json.dumps({**self._read(), key: value}))
    def get(self, taskKey, key, default=None, debugValue=None):
        return self._read().get(key, default)
    def _read(self):
        return json.loads(self.file.read_text()) if self.file.exists() else {}

class dbutils:
    class jobs:
        taskValues = _Values()

def display(frame):
    print(frame.toPandas())
"""
"""What the cells ask of `dbutils`, in its smallest form."""

BARE = """\
import json, sys, time
began = time.perf_counter()
import matplotlib
matplotlib.use("agg")
from nbkit.settings import Settings
from nbkit.spark.lease import attach, hold
settings = Settings.of()
with hold(settings):
    spark = attach(settings, {})
    for number in range(int(sys.argv[2])):
        names = {"spark": spark}
        for source in json.loads(open(sys.argv[1]).read()):
            exec(source, names)
        print(time.perf_counter() - began, flush=True)
        began = time.perf_counter()
"""
"""All cells in one process and one session, on the driver that nbkit would start."""


def cells_of(step: str) -> list[str]:
    """Return the code cells of a step, without the call that ends a notebook."""
    sources: list[str] = []
    for number, name in enumerate(STEPS[step]):
        notebook = nbformat.read(EXAMPLE / f"{name}.ipynb", as_version=4)
        code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        if step == "ingest":
            code.insert(1, f'table = "{TABLES[number]}"')
        sources += [_without_exit(source) for source in code]
    return sources


def _without_exit(source: str) -> str:
    lines = source.splitlines()
    return "\n".join(line for line in lines if not line.startswith("dbutils.notebook.exit("))


def write_steps(folder: Path, *first: str) -> list[Path]:
    """Write one notebook for each step, each beginning with the cells `first`."""
    return [bench.write(folder / f"{step}.ipynb", *first, *cells_of(step)) for step in STEPS]


def papermill_loop() -> float:
    """Return the time of papermill, notebook by notebook, each with its own session."""
    with bench.project() as root:
        notebooks = write_steps(root, bench.own_session(root), DBUTILS)
        return bench.seconds(lambda: [bench.papermill(notebook) for notebook in notebooks])


def nbkit_cold() -> float:
    """Return the time of `nbkit run` when no driver runs, start of the program included."""
    with bench.project() as root:
        job = bench.chain(root, write_steps(root))
        return bench.seconds(lambda: bench.run_job(root, job))


def nbkit_warm(runs: int) -> list[float]:
    """Return the times of `nbkit run`, one after the other, on one driver that is kept."""
    with bench.project() as root:
        job = bench.chain(root, write_steps(root))
        bench.nbkit(root, "driver", "start")
        return [bench.seconds(lambda: bench.run_job(root, job)) for _ in range(runs)]


def bare(passes: int) -> list[float]:
    """Return the times of the statements alone, pass by pass; the first starts the driver."""
    with bench.project() as root:
        sources = [DBUTILS, *(source for step in STEPS for source in cells_of(step))]
        (root / "cells.json").write_text(json.dumps(sources), encoding="utf-8")
        (root / "bare.py").write_text(BARE, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "bare.py", "cells.json", str(passes)],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        return [float(line) for line in done.stdout.splitlines() if _is_number(line)]


def _is_number(line: str) -> bool:
    return line.replace(".", "", 1).isdigit()


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--no-papermill", action="store_true", help="leave out the slow loop")
    given = asked.parse_args()
    loop = [] if given.no_papermill else [("papermill loop", papermill_loop())]
    cold = nbkit_cold()
    warm = nbkit_warm(3)
    statements = bare(5)
    rows = [
        *loop,
        ("nbkit, cold (no driver running)", cold),
        *((f"nbkit, kept driver, run {n}", taken) for n, taken in enumerate(warm, 1)),
        *((f"bare statements, pass {n}", taken) for n, taken in enumerate(statements, 1)),
    ]
    bench.table("Five notebooks of the flights example", rows)
    if loop:
        print(f"\ncold: {loop[0][1] / cold:.1f} times as fast as the loop (aim: 4)")
        print(f"warm: {loop[0][1] / warm[-1]:.1f} times as fast as the loop (aim: 9)")
    print(f"cold: {cold / statements[0]:.2f} of the bare statements (aim: 1.15)")
    print(f"warm: {warm[-1] / statements[2]:.2f} of the bare statements (aim: 1.15)")


if __name__ == "__main__":
    main()
