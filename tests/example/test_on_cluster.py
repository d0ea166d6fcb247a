"""`spark.master = "spark://…"`: the flights job, unchanged, and Python functions on a cluster."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from unittest.mock import patch

import pytest
from standalone_cluster import standalone_cluster

import nbkit
from nbkit.settings import Settings
from nbkit.spark.lease import attach, hold

EXAMPLE = Path(__file__).parents[2] / "notebooks" / "flights"
SETTINGS = """
[spark]
master = "{master}"
[spark.conf]
"spark.executor.memory" = "1g"
"spark.sql.shuffle.partitions" = "4"
"spark.databricks.delta.snapshotPartitions" = "2"
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_flights_job_runs_on_a_standalone_cluster(tmp_path):
    """The same job does the same there; executors have Delta's jars, and the right Python."""
    shutil.copytree(EXAMPLE, tmp_path / "flights")
    with standalone_cluster(tmp_path, memory="2g") as master:
        (tmp_path / "nbkit.toml").write_text(SETTINGS.format(master=master))
        settings = Settings.of(tmp_path)
        with hold(settings), patch.dict(os.environ):  # a session adds some of its own
            job = tmp_path / "flights" / "job.json"
            run = nbkit.run(job, {"month": 1}, show="nothing", settings=settings)
            spark = attach(settings)
            programs, executors = _found(spark)
            spark.stop()
    assert run.result_state == "SUCCESS"
    assert run.value("clean", "rows") > 27_000
    ran = [key for key, task in run.tasks.items() if task["output_notebook"]]
    assert "serve" in ran
    assert programs == {sys.executable}
    assert executors == 2


def _found(spark):
    """Return the Pythons that run functions there, and how many executors share the work."""
    from pyspark.sql.functions import udf

    here = udf(lambda n: __import__("sys").executable)
    assert spark.table("silver.flights").count() > 20_000
    rows = spark.range(0, 100, 1, 4).select(here("id")).distinct().collect()
    programs = {row[0] for row in rows}
    assert spark.sparkContext.parallelize(range(4), 4).map(lambda n: n).sum() == 6
    return programs, spark._jsc.sc().getExecutorMemoryStatus().size() - 1
