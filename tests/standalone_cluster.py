"""A standalone Spark cluster on the loopback, for the tests that need one."""

from __future__ import annotations

import os
import re
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nbkit.spark.jars import spark_home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PATIENCE_SECONDS = 120


@contextmanager
def standalone_cluster(folder: Path, *, memory: str = "1g") -> Iterator[str]:
    """A master and two workers of one core; yields the master's URL.

    Args:
        folder: where logs and the workers' folders go.
        memory: of each worker.
    """
    environment = os.environ | {
        "SPARK_HOME": str(spark_home()),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOG_DIR": str(folder),
        "SPARK_WORKER_DIR": str(folder / "work"),
        "SPARK_NO_DAEMONIZE": "1",
        "SPARK_DAEMON_MEMORY": "256m",
    }
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, *arguments: str) -> str:
        """Start a daemon; returns its log when it says that it is there."""
        log = folder / f"{name}-{len(started)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [spark_home() / "bin/spark-class", f"org.apache.spark.deploy.{name}", *arguments],
                env=environment,
                stderr=output,
            )
        started.append(process)
        for _ in range(_PATIENCE_SECONDS * 10):
            said = log.read_text()
            if "I have been elected" in said or "Successfully registered" in said:
                return said
            time.sleep(0.1)
        raise AssertionError(said)

    local = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
    try:
        found = re.search(r"spark://127\.0\.0\.1:\d+", start("master.Master", *local))
        assert found
        for _ in range(2):
            start("worker.Worker", *local, "--cores", "1", "--memory", memory, found[0])
        yield found[0]
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()
