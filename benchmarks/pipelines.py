"""Declarative pipelines: what nbkit adds to bare Delta writes, and `spark-pipelines run` beside it.

Ratios are of one run on one machine. `spark-pipelines` needs `pyspark[pipelines]` (grpc and its
kin); without them that part is left out, and says so. Whatever is warm has been run once before.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import workbench as bench

from nbkit.settings import Settings

EXAMPLE = Path(__file__).parents[1] / "notebooks" / "flights_pipeline"
SPARK_PIPELINES = Path(sys.executable).with_name("spark-pipelines")
SPEC = """\
name: bench
{storage}
libraries:
  - glob:
      include: src/**
configuration:
  landing: {landing}
"""
FLIGHTS = """\
from pyspark import pipelines as dp
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.active()
LANDING = "{landing}"


def csv(table):
    options = {{"header": "true", "nullValue": "NA", "inferSchema": "true"}}
    return spark.read.options(**options).csv(f"{{LANDING}}/{{table}}")


@dp.materialized_view{parquet}
def bronze_flights():
    return csv("flights")


@dp.materialized_view{parquet}
def bronze_airlines():
    return csv("airlines")


@dp.materialized_view{parquet}
def silver_flights():
    return spark.table("bronze_flights").where("dep_time IS NULL OR arr_time IS NOT NULL").join(
        spark.table("bronze_airlines"), "carrier", "left"
    )


@dp.materialized_view{parquet}
def gold_carriers():
    return spark.table("silver_flights").groupBy("carrier", "name").agg(
        F.count("*").alias("flights"), F.avg("arr_delay").alias("mean_arr_delay")
    )


@dp.materialized_view{parquet}
def gold_routes():
    return spark.table("silver_flights").groupBy("origin", "dest").agg(
        F.count("*").alias("flights"), F.max("distance").alias("miles")
    )
"""
SERVER = """\
import sys, time
from pyspark.sql import SparkSession
spark = (
    SparkSession.builder.master("local[*]")
    .config("spark.plugins", "org.apache.spark.sql.connect.SparkConnectPlugin")
    .config("spark.connect.grpc.binding.port", sys.argv[1])
    .config("spark.sql.warehouse.dir", sys.argv[2])
    .getOrCreate()
)
print("ready", flush=True)
time.sleep(3600)
"""
PORT = "15963"


def small(folder: Path, datasets: int) -> None:
    """Write a pipeline of many small datasets, each tenth of which reads the one before it."""
    lines = ["from pyspark import pipelines as dp", ""]
    for number in range(datasets):
        reads = number % 10 == 9
        query = f'spark.table("d{number - 1}")' if reads else f"spark.range(1000 + {number})"
        lines += ["@dp.materialized_view", f"def d{number}():", f"    return {query}", ""]
    _write(folder, "\n".join(lines))


def _write(folder: Path, source: str, *, landing: Path | None = None, storage: str = "") -> None:
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src" / "a.py").write_text(source, encoding="utf-8")
    spec = SPEC.format(landing=landing or "none", storage=storage)
    (folder / "spark-pipeline.yml").write_text(spec, encoding="utf-8")


def overhead(root: Path, datasets: int, many: int) -> None:
    """Measure in a warm session of this process: per dataset, with nothing new, and resolving."""
    from nbkit.pipelines.declare.spec import read_spec
    from nbkit.pipelines.place import PipelinePlaces
    from nbkit.pipelines.refresh.plan import Request
    from nbkit.pipelines.refresh.update import FLOWS_AT_ONCE
    from nbkit.pipelines.updating import resolve, update
    from nbkit.spark.lease import attach
    from nbkit.toolkit.session import session

    session._spark = spark = attach(Settings.of(root))  # noqa: SLF001
    small(root / "small", datasets)
    spec = replace(read_spec(root / "small"), schema="bench")
    place = PipelinePlaces.of(spec, root / ".nbkit")
    spark.sql("CREATE SCHEMA IF NOT EXISTS bench")

    def bare(name: str) -> None:
        """Write the same rows without a pipeline, as many at once as nbkit does."""
        query = "AS SELECT * FROM range(1000)"
        statements = (
            f"CREATE OR REPLACE TABLE bench.{name}{number} USING delta {query}"
            for number in range(datasets)
        )
        with ThreadPoolExecutor(FLOWS_AT_ONCE) as pool:
            list(pool.map(spark.sql, statements))

    def refresh() -> None:
        update(resolve(spec, spark), spark, place, Request())

    bare("warm")
    small_warm = replace(spec, name="warm", schema="bench_warm")
    warm_place = PipelinePlaces.of(small_warm, root / ".nbkit")
    for _ in range(2):  # the second with nothing new, as it is measured
        update(resolve(small_warm, spark), spark, warm_place, Request())
    written, first, second = bench.seconds(lambda: bare("b")), *map(bench.seconds, [refresh] * 2)
    small(root / "many", many)
    wide = replace(read_spec(root / "many"), schema="bench_many")
    resolved = bench.seconds(lambda: resolve(wide, spark))
    bench.table(
        f"{datasets} small datasets",
        [
            ("bare Delta writes, as many at once", written),
            ("nbkit, first update", first),
            ("nbkit, second update with nothing new", second),
            (f"nbkit, {many} datasets resolved", resolved),
        ],
    )
    print(f"overhead per dataset: {(first - written) / datasets:.2f} s")
    print(f"second update: {first / second:.1f} times faster than the first")
    session._spark.stop()  # noqa: SLF001


def example(root: Path, month: int) -> None:
    """Measure the example of the repository, streams and all: first, second, all anew."""
    bench.nbkit(root, "run", str(_land(root)), "-p", f"month={month}", "--quiet")
    bench.nbkit(root, "driver", "start")
    update = ("pipeline", "run", str(EXAMPLE), "--quiet")
    first, second = (bench.seconds(lambda: bench.nbkit(root, *update)) for _ in range(2))
    anew = bench.seconds(lambda: bench.nbkit(root, *update, "--full-refresh-all"))
    third = bench.seconds(lambda: bench.nbkit(root, *update))
    bench.nbkit(root, "driver", "stop")
    bench.table(
        "notebooks/flights_pipeline on a kept driver, whole commands",
        [
            ("first update", first),
            ("second, nothing new", second),
            ("all anew, the driver being warm", anew),
            ("nothing new again", third),
        ],
    )
    print(f"nothing new: {first / second:.1f} times faster than the first", end=", ")
    print(f"{anew / third:.1f} than all anew")


def flights(root: Path, month: int) -> None:
    """Measure the same definitions in nbkit (Delta) and in `spark-pipelines run` (Parquet)."""
    bench.nbkit(root, "run", str(_land(root)), "-p", f"month={month}", "--quiet")
    landing = root / ".nbkit" / "landing" / "flights"
    _write(root / "ours", FLIGHTS.format(parquet="", landing=landing), landing=landing)
    bench.nbkit(root, "driver", "stop")
    again = ("pipeline", "run", "ours", "--quiet")
    update = (*again, "--full-refresh-all")
    cold = bench.seconds(lambda: bench.nbkit(root, *update))
    bench.nbkit(root, "driver", "start")
    bench.nbkit(root, *update)
    warm = bench.seconds(lambda: bench.nbkit(root, *update))
    idle = bench.seconds(lambda: bench.nbkit(root, *again))
    bench.nbkit(root, "driver", "stop")
    rows = [
        ("nbkit, cold, Delta", cold),
        ("nbkit, warm driver, Delta", warm),
        ("nbkit, warm driver, nothing new", idle),
    ]
    if find_spec("grpc") is None or find_spec("grpc_status") is None:
        print("spark-pipelines is left out: install 'pyspark[pipelines]==4.2.0' for it")
    else:
        of_spark = _of_spark(root, landing)
        rows += of_spark
        for (name, seconds), ours in zip(of_spark, (cold, warm), strict=True):
            print(f"{name}: {seconds / ours:.1f} times as long as nbkit")
    bench.table("the flights pipeline", rows)
    print(f"nothing new: {cold / idle:.1f} times faster than cold, {warm / idle:.1f} than warm")


def _of_spark(root: Path, landing: Path) -> list[tuple[str, float]]:
    """Run the same definitions with Spark's own program, cold and on a server that is kept."""
    cold, warm = root / "cold", root / "warm"
    environment = os.environ | {"PYSPARK_PYTHON": sys.executable}
    source = FLIGHTS.format(parquet='(format="parquet")', landing=landing)
    for folder in (cold, warm):
        _write(folder, source, landing=landing, storage=f"storage: file://{folder}/storage")

    def run(folder: Path, *options: str) -> None:
        command = [str(SPARK_PIPELINES), *options, "run", "--full-refresh-all"]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, env=environment
        )
        if done.returncode:
            raise SystemExit(f"spark-pipelines ended with {done.returncode}\n{done.stderr[-2000:]}")

    rows = [("spark-pipelines run, cold, Parquet", bench.seconds(lambda: run(cold)))]
    command = [sys.executable, "-c", SERVER, PORT, str(warm / "warehouse")]
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    try:
        assert server.stdout
        server.stdout.readline()
        remote = ("--remote", f"sc://localhost:{PORT}")
        run(warm, *remote)
        rows.append(
            ("spark-pipelines run, kept server, Parquet", bench.seconds(lambda: run(warm, *remote)))
        )
    finally:
        server.terminate()
        server.wait()
    return rows


def _land(root: Path) -> Path:
    """Write a job that lands the files."""
    notebook = root / "land.ipynb"
    notebook.write_bytes((EXAMPLE / "land.ipynb").read_bytes())
    return bench.chain(root, [notebook])


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--datasets", type=int, default=20, help="small ones to refresh")
    arguments.add_argument("--many", type=int, default=200, help="small ones to resolve")
    arguments.add_argument("--month", type=int, default=0, help="of flights; 0 for the year")
    arguments.add_argument("--no-flights", action="store_true", help="only the small datasets")
    chosen = arguments.parse_args()
    with bench.project() as root:
        bench.nbkit(root, "driver", "start")
        overhead(root, chosen.datasets, chosen.many)
    if not chosen.no_flights:
        with bench.project() as root:
            flights(root, chosen.month)
        with bench.project() as root:
            example(root, chosen.month)


if __name__ == "__main__":
    main()
