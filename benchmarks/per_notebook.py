"""What one notebook costs: an empty one, and one that only counts `spark.range(1)`.

nbkit: a chain of such notebooks on a warm driver, so that kernels are made ready while others
run; the time of the chain divided by its length. papermill: the same notebooks in a loop.
"""

from __future__ import annotations

import statistics

import workbench as bench

LENGTH = 12
REPEATS = 4
COUNT = "spark.range(1).count()"


def nbkit(source: str) -> tuple[float, float]:
    """Return the mean time per notebook of a chain, and the median of a whole task."""
    with bench.project() as root:
        notebook = bench.write(root / "notebook.ipynb", source)
        job = bench.chain(root, [notebook] * LENGTH)
        bench.nbkit(root, "driver", "start")
        bench.run_job(root, job)
        tasks = bench.run_job(root, job)["tasks"]
        # the first one waits for its kernel: none is ready before the run begins
        rest = tasks[1:]
        whole = max(task["end_time"] for task in rest) - min(task["start_time"] for task in rest)
        own = statistics.median(task["end_time"] - task["start_time"] for task in rest)
        return whole / len(rest) / 1000, own / 1000


def papermill(*sources: str, own_session: bool) -> float:
    """Return the mean time per notebook of a loop."""
    with bench.project() as root:
        first = [bench.own_session(root)] if own_session else []
        notebook = bench.write(root / "notebook.ipynb", *first, *sources)
        bench.papermill(notebook)
        loop = bench.seconds(lambda: [bench.papermill(notebook) for _ in range(REPEATS)])
        return loop / REPEATS


def main() -> None:
    """Measure and print."""
    empty = papermill("1", own_session=False)
    whole, own = nbkit("1")
    bench.table(
        "An empty notebook",
        [("papermill", empty), ("nbkit, in a chain", whole), ("nbkit, the task alone", own)],
    )
    print(f"{whole / empty:.2f} of papermill's time (aim: 0.25)")
    counting = papermill(COUNT, own_session=True)
    whole, own = nbkit(COUNT)
    bench.table(
        "A notebook that counts spark.range(1)",
        [
            ("papermill, its own session", counting),
            ("nbkit, in a chain, warm driver", whole),
            ("nbkit, the task alone", own),
        ],
    )
    print(f"{whole:.2f} s whole (aim: 0.5 s)")


if __name__ == "__main__":
    main()
