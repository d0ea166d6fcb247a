"""The Spark driver on behalf of a run: held from the start, so that no task waits for it."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nbkit.source_notebook import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from nbkit.settings import Settings
    from nbkit.spark.protocol import Line

_MENTION = re.compile(r"\b(?:spark|sc|sql|pyspark|delta|DeltaTable|SparkSession)\b")


def keep_warm(settings: Settings) -> Line:
    """Keep the project's driver, and a fork server beside it, until `let_go`; its status.

    Raises:
        SetupError: Spark did not start.
    """
    from nbkit.kernels import kept_forks
    from nbkit.kernels.fork_client import CAN_FORK
    from nbkit.spark import control
    from nbkit.spark.lease import hold

    with hold(settings, wait=False):  # the server imports while the JVM starts
        if CAN_FORK:
            kept_forks.keep(settings)
        return control.start(settings)


def let_go(settings: Settings) -> bool:
    """End the driver and what is kept with it; False when there was none."""
    from nbkit.kernels import kept_forks
    from nbkit.spark import control

    stopped = control.stop(settings)
    kept_forks.await_end(settings)
    return stopped


@contextmanager
def ready_for_spark(notebooks: Iterable[Path], settings: Settings) -> Iterator[tuple[str, ...]]:
    """Hold the project's driver if any notebook seems to use Spark; yields what to note.

    The driver starts while the first kernels start. What this guess misses still works: a
    kernel that needs Spark leases, and if need be starts, the driver by itself.

    Raises:
        SetupError: Spark is needed, and this machine cannot run it.
    """
    if settings.spark.remote or not any(map(mentions_spark, notebooks)):
        yield ()
        return
    from nbkit.spark.jars import ensure_jars
    from nbkit.spark.java import find_java
    from nbkit.spark.lease import hold

    find_java()
    ensure_jars()
    with hold(settings, wait=False):
        yield ()


def mentions_spark(notebook: Path) -> bool:
    """Say whether a notebook's, or a script's, code has a word that stands for Spark."""
    try:
        if notebook.suffix in LANGUAGES:
            return notebook.suffix == ".sql" or bool(_MENTION.search(notebook.read_text("utf-8")))
        cells = json.loads(notebook.read_bytes())["cells"]
        return any(
            _MENTION.search("".join(cell["source"]))
            for cell in cells
            if cell["cell_type"] == "code"
        )
    except (OSError, ValueError, KeyError, TypeError):  # not a notebook as we know it: no guess
        return False
