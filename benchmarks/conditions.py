"""A chain of condition tasks: what the orchestrator itself costs, in time and in memory."""

from __future__ import annotations

import argparse
import json
import subprocess
import time

import psutil
import workbench as bench


def conditions(length: int) -> dict[str, object]:
    """Return a job of condition tasks, each waiting for the one before."""
    tasks = [
        {
            "task_key": f"condition_{number}",
            "depends_on": [{"task_key": f"condition_{number - 1}"}] if number else [],
            "condition_task": {"op": "EQUAL_TO", "left": "{{job.parameters.side}}", "right": "a"},
        }
        for number in range(length)
    ]
    return {"name": "conditions", "parameters": [{"name": "side", "default": "a"}], "tasks": tasks}


def measure(length: int) -> tuple[float, float, float]:
    """Return the run's milliseconds per task, the program's seconds, its largest megabytes."""
    with bench.project() as root:
        (root / "job.json").write_text(json.dumps(conditions(length)), encoding="utf-8")
        began = time.perf_counter()
        with (root / "record.json").open("wb") as output:
            program = psutil.Popen(
                [bench.NBKIT, "run", "job.json", "--json", "--quiet"],
                cwd=root,
                stdout=output,
                stderr=subprocess.DEVNULL,
            )
            most = 0
            while program.poll() is None:
                try:
                    most = max(most, program.memory_info().rss)
                except psutil.Error:
                    break
                time.sleep(0.02)
            program.wait()
        whole = time.perf_counter() - began
        record = json.loads((root / "record.json").read_text(encoding="utf-8"))
        assert record["state"]["result_state"] == "SUCCESS"
        taken = record["end_time"] - record["start_time"]
        return taken / length, whole, most / 1_000_000


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--tasks", type=int, default=500)
    length = asked.parse_args().tasks
    for tasks in (length // 10, length):
        each, whole, memory = measure(tasks)
        print(
            f"{tasks:5} tasks: {each:6.2f} ms each (aim: 10), {whole:.1f} s with the start of the "
            f"program, {memory:.0f} MB at most (aim: under 200)"
        )


if __name__ == "__main__":
    main()
