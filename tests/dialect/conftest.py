"""Spark's own parser in a JVM of its own, and one notebook on a real driver for all that ask it."""

from __future__ import annotations

import os
import textwrap

import py4j.java_gateway as py4j
import pytest
from jupyter_client.manager import start_new_kernel

from nbkit.spark.jars import spark_home
from nbkit.spark.java import find_java


@pytest.fixture(scope="session")
def jvm():
    """A JVM with Spark's jars."""
    jars = sorted((spark_home() / "jars").glob("*.jar"))
    port, secret, process = py4j.launch_gateway(
        jarpath=str(next(jar for jar in jars if jar.name.startswith("py4j"))),
        classpath=os.pathsep.join(map(str, jars)),
        java_path=str(find_java().path),
        javaopts=["-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xmx512m"],
        die_on_exit=True,
        enable_auth=True,
        return_proc=True,
    )
    parameters = py4j.GatewayParameters(port=port, auth_token=secret)
    gateway = py4j.JavaGateway(gateway_parameters=parameters)
    yield gateway.jvm
    gateway.shutdown()
    process.stdin.close()
    process.wait()


class Notebook:
    """Runs cells in one kernel; what a cell prints is its answer."""

    def __init__(self, client):
        self.client = client

    def run(self, code):
        outputs = []
        reply = self.client.execute_interactive(
            textwrap.dedent(code), timeout=240, output_hook=outputs.append
        )["content"]
        said = "".join(o["content"]["text"] for o in outputs if o["msg_type"] == "stream")
        return said if reply["status"] == "ok" else f"{reply['ename']}: {reply['evalue']}"


@pytest.fixture(scope="package")
def notebook(tmp_path_factory):
    """A person's notebook in a project with the catalogs `main`, `hive_metastore` and `dev-2`."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "nbkit.toml").write_text(
        '[spark]\nmemory = "1g"\ncatalogs = ["main", "hive_metastore", "dev-2"]\n'
    )
    manager, client = start_new_kernel(kernel_name="nbkit", cwd=str(folder))
    made = Notebook(client)
    said = made.run("""
        from delta.tables import DeltaTable
        def rows(query):
            return [tuple(row) for row in spark.sql(query).collect()]
        spark.sql("CREATE SCHEMA main.silver COMMENT 'clean'")
        spark.sql("CREATE TABLE main.silver.orders (id BIGINT, item STRING) COMMENT 'all'")
        spark.sql("INSERT INTO main.silver.orders VALUES (1, 'a'), (2, 'b')")
    """)
    assert not said
    yield made
    client.stop_channels()
    manager.shutdown_kernel(now=True)
