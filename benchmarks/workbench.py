"""What the benchmarks share: throwaway projects, the ways to run notebooks, and the clock."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from nbkit.spark.jars import ensure_jars

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

NBKIT = str(Path(sys.executable).with_name("nbkit"))

SESSION = """\
import os
from pyspark.sql import SparkSession

os.makedirs({folder!r}, exist_ok=True)
spark = (
    SparkSession.builder.master("local[*]")
    .config("spark.jars", {jars!r})
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
    .config("spark.sql.warehouse.dir", {folder!r} + "/warehouse")
    .config(
        "spark.hadoop.javax.jdo.option.ConnectionURL",
        "jdbc:derby:;databaseName=" + {folder!r} + "/metastore;create=true",
    )
    .enableHiveSupport()
    .getOrCreate()
)
"""
"""How a notebook builds a Delta session of its own, with a catalog that outlives it."""


@contextmanager
def project() -> Iterator[Path]:
    """Make a project in a temporary folder; its driver ends with it."""
    root = Path(tempfile.mkdtemp(prefix="nbkit-bench-"))
    (root / "nbkit.toml").touch()
    try:
        yield root
    finally:
        nbkit(root, "driver", "stop")
        shutil.rmtree(root, ignore_errors=True)


def nbkit(root: Path, *arguments: str) -> str:
    """Run the program in a project and return its standard output."""
    done = subprocess.run(
        [NBKIT, *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"nbkit {' '.join(arguments)} ended with {done.returncode}\n{done.stderr}")
    return done.stdout


def run_job(root: Path, job: Path) -> dict[str, Any]:
    """Run a job to its end and return its record."""
    record: dict[str, Any] = json.loads(nbkit(root, "run", str(job), "--json", "--quiet"))
    return record


def chain(root: Path, notebooks: Sequence[Path]) -> Path:
    """Write a job that runs notebooks one after the other."""
    tasks: list[dict[str, Any]] = []
    for number, path in enumerate(notebooks):
        task: dict[str, Any] = {
            "task_key": path.stem if notebooks.count(path) == 1 else f"{path.stem}_{number}",
            "notebook_task": {"notebook_path": str(path.relative_to(root))},
        }
        if tasks:
            task["depends_on"] = [{"task_key": tasks[-1]["task_key"]}]
        tasks.append(task)
    job = root / "job.json"
    job.write_text(json.dumps({"name": "chain", "tasks": tasks}), encoding="utf-8")
    return job


def write(path: Path, *sources: str) -> Path:
    """Write a notebook of code cells, for this Python's ordinary kernel."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


def own_session(root: Path) -> str:
    """Return the code of a notebook's own Delta session."""
    jars = ",".join(map(str, ensure_jars()))
    return SESSION.format(folder=str(root / "own"), jars=jars)


def papermill(notebook: Path) -> None:
    """Run a notebook as papermill does by default, from its Python API."""
    from papermill import execute_notebook

    output = notebook.with_suffix(".out.ipynb")
    execute_notebook(notebook, output, cwd=notebook.parent, progress_bar=False)


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def table(title: str, rows: Sequence[tuple[str, float]], unit: str = "s") -> None:
    """Print measured figures, each with how many times the first row is as long."""
    print(f"\n{title}\n{'-' * len(title)}")
    for name, value in rows:
        print(f"{name:44}{value:9.2f} {unit}   1/{rows[0][1] / value:.2f} of the first")
