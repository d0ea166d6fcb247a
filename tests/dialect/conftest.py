"""Spark's own parser in a JVM of its own: no session, no driver."""

from __future__ import annotations

import os

import py4j.java_gateway as py4j
import pytest

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
