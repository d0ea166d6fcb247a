"""`spark.master = "spark://…"`: the same driver on a standalone cluster, here on the loopback."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from nbkit.settings import Settings
from nbkit.spark import control
from nbkit.spark.jars import spark_home

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(tmp_path):
    """A standalone master and two workers; yields the master's URL."""
    environment = os.environ | {
        "SPARK_HOME": str(spark_home()),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOG_DIR": str(tmp_path),
        "SPARK_WORKER_DIR": str(tmp_path / "work"),
        "SPARK_NO_DAEMONIZE": "1",
        "SPARK_DAEMON_MEMORY": "256m",
    }
    started = []

    def start(name: str, *arguments: str) -> str:
        """Start a daemon; returns its log when it says that it is there."""
        process = subprocess.Popen(
            [spark_home() / "bin" / "spark-class", f"org.apache.spark.deploy.{name}", *arguments],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        said = ""
        for line in process.stderr:
            said += line
            if "I have been elected" in line or "Successfully registered" in line:
                return said
        pytest.fail(said)

    local = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
    url = re.search(r"spark://127\.0\.0\.1:\d+", start("master.Master", *local))[0]
    for _ in range(2):
        start("worker.Worker", *local, "--cores", "1", "--memory", "1g", url)
    yield url
    for process in reversed(started):
        process.kill()
        process.wait()


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
