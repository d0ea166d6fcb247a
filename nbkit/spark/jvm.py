"""The driver's JVM: started as Spark would, without the detour over `spark-submit`.

`spark-submit` starts a launcher JVM, then parses its own settings: 1.7 s (measured) that a local
or standalone driver does not need. Only YARN and Kubernetes get it.
"""

from __future__ import annotations

import os
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbkit.errors import SetupError
from nbkit.spark.conf import driver_conf, driver_env
from nbkit.spark.heap import heap
from nbkit.spark.jars import ensure_jars, spark_home
from nbkit.spark.java import find_java
from nbkit.spark.java_classes import own_jars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbkit.settings import Settings

_OPENED = (
    *("java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio"),
    *("java.util", "java.util.concurrent", "java.util.concurrent.atomic", "jdk.internal.ref"),
    *("sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar"),
)
MODULE_OPTIONS = (
    "-XX:+IgnoreUnrecognizedVMOptions",
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
    "--add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Dio.netty.allocator.type=pooled",
    "-Dio.netty.handler.ssl.defaultEndpointVerificationAlgorithm=NONE",
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
    "-Dderby.connection.requireAuthentication=false",
)
"""What Spark 4.2 asks of the JVM (a test compares it with Spark's own list).

Left out: the incubating vector module, which only speeds up linear algebra.
"""

_GARBAGE = ("-XX:+UseParallelGC", "-XX:MinHeapFreeRatio=10", "-XX:MaxHeapFreeRatio=20")
"""A heap that grows no further than its work needs: 1.2 instead of 2.2 GB after the same
statements, for the same time of the processor (measured)."""

_LOGGING = Path(__file__).with_name("log4j2.properties")


@dataclass(frozen=True, slots=True)
class Jvm:
    """A running JVM with a gateway for the driver.

    Attributes:
        process: ends when its standard input does, so never outlives the driver.
        gateway: py4j's `ClientServer`; each Python thread has its own JVM thread.
    """

    process: subprocess.Popen[bytes]
    gateway: Any

    def end(self, patience: float = 15) -> None:
        """End the JVM in order, and by force if it takes too long."""
        assert self.process.stdin
        self.process.stdin.close()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_jvm(
    settings: Settings,
    scratch: Path,
    *,
    options: Sequence[str] = (),
    inherited: Sequence[int] = (),
    output: int | None = None,
) -> Jvm:
    """Start the JVM and connect to it.

    Args:
        settings: of the project.
        scratch: private folder for what the JVM writes and nobody else needs.
        options: further options of the JVM.
        inherited: file descriptors that the JVM keeps open as long as it lives.
        output: where its output goes, as for `subprocess`; by default where ours does.

    Raises:
        SetupError: no Java, no jars, or the JVM ended while starting.
    """
    told = scratch / "gateway"
    (scratch / "tmp").mkdir(exist_ok=True)
    environment = os.environ | driver_env(settings)
    environment |= {
        "_PYSPARK_DRIVER_CONN_INFO_PATH": str(told),
        "SPARK_HOME": str(spark_home()),
        "SPARK_CONNECT_MODE": "0",
        "PYSPARK_PIN_THREAD": "true",
    }
    process = subprocess.Popen(
        _command(settings, scratch, options),
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        env=environment,
        pass_fds=inherited,
    )
    while not told.exists():
        if (status := process.poll()) is not None:
            raise SetupError(
                f"The Spark driver's JVM ended while starting (status {status}).",
                f"See {settings.state_directory / 'driver.log'}; is `[spark] memory` "
                f"({heap(settings.spark.memory)}) more than this machine has?",
            )
        time.sleep(0.01)
    return Jvm(process, _connect(told.read_bytes()))


def class_path() -> str:
    """Return the class path, always in the same order: a class-data archive depends on it."""
    folders = [str(spark_home() / "jars" / "*"), *map(str, [*ensure_jars(), *own_jars()])]
    given = [
        os.environ[name] for name in ("HADOOP_CONF_DIR", "YARN_CONF_DIR") if name in os.environ
    ]
    return os.pathsep.join([*folders, *given])


def _command(settings: Settings, scratch: Path, options: Sequence[str]) -> list[str]:
    master = settings.spark.master
    command = [
        str(find_java(settings.spark.java).path),
        *(f"-Xmx{heap(settings.spark.memory)}", *_GARBAGE),
        *MODULE_OPTIONS,
        *options,
        f"-Dlog4j2.configurationFile={_LOGGING.as_uri()}",
        f"-Djava.io.tmpdir={scratch / 'tmp'}",
        f"-Dderby.stream.error.file={scratch / 'derby.log'}",
        *settings.spark.conf.get("spark.driver.extraJavaOptions", "").split(),
        *("-cp", class_path()),
    ]
    if not master.startswith(("yarn", "k8s")):
        return [*command, "org.apache.spark.api.python.PythonGatewayServer"]
    conf = scratch / "spark.conf"
    conf.touch(0o600)  # a file and not arguments, which every user of the machine can read
    wanted = driver_conf(settings, ensure_jars(), scratch)
    conf.write_text("".join(f"{name}={value}\n" for name, value in wanted.items()), "utf-8")
    submit = "org.apache.spark.deploy.SparkSubmit"
    return [*command, submit, "--properties-file", str(conf), "pyspark-shell"]


def _connect(told: bytes) -> Any:
    from py4j.clientserver import ClientServer, JavaParameters, PythonParameters

    port, length = struct.unpack_from("!ii", told)
    secret = told[8 : 8 + length].decode()
    return ClientServer(
        java_parameters=JavaParameters(port=port, auth_token=secret, auto_convert=True),
        python_parameters=PythonParameters(port=0, eager_load=False),
    )
