"""A Java of its own for a moment, with a gateway to it: for what needs no Spark."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nbkit.spark.java import find_java

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@contextmanager
def short_java(jars: Sequence[Path], options: Sequence[str] = ()) -> Iterator[Any]:
    """Give a py4j gateway to a Java that ends with the block.

    Args:
        jars: its class path, with py4j's own jar among them.
        options: of the Java.

    Raises:
        SetupError: there is no Java.
    """
    import py4j.java_gateway as py4j

    port, secret, process = py4j.launch_gateway(
        jarpath=str(next(jar for jar in jars if jar.name.startswith("py4j-"))),
        classpath=os.pathsep.join(map(str, jars)),
        java_path=str(find_java().path),
        javaopts=[*options],
        die_on_exit=True,
        enable_auth=True,
        return_proc=True,
    )
    asked = py4j.GatewayParameters(port=port, auth_token=secret)
    gateway = py4j.JavaGateway(gateway_parameters=asked)
    try:
        yield gateway
    finally:
        gateway.shutdown()
        process.stdin.close()
        process.wait()
