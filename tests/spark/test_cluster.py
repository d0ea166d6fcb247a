"""`spark.master = "spark://…"`: the same driver on a standalone cluster, here on the loopback."""

from __future__ import annotations

import sys

import pytest
from standalone_cluster import standalone_cluster

from nbkit.settings import Settings
from nbkit.spark import control

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(tmp_path):
    """A standalone cluster; yields the master's URL."""
    with standalone_cluster(tmp_path) as master:
        yield master


def test_delta_and_python_functions_work_on_a_standalone_cluster(cluster, client, tmp_path):
    """Executors have Delta's jars and the right Python; two of them share the work."""
    settings = Settings.model_validate(
        {
            "root": tmp_path,
            "spark": {"master": cluster, "conf": {"spark.executor.memory": "512m"}},
        }
    )
    said = client(
        """
        from pyspark.sql.functions import udf
        here = udf(lambda n: __import__("sys").executable)
        spark.sql("create schema gold")
        spark.range(0, 100, 1, 4).write.format("delta").saveAsTable("gold.t")
        print(spark.table("gold.t").count())
        print(spark.table("gold.t").select(here("id")).distinct().first()[0])
        print(spark.sparkContext.parallelize(range(4), 4).map(lambda n: n).sum())
        print(spark._jsc.sc().getExecutorMemoryStatus().size() - 1)
        """,
        settings,
    ).result()
    assert said.split() == ["100", sys.executable, "6", "2"]
    control.stop(settings)
