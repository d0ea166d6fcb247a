"""The Spark driver on behalf of a run: held from the start, so that no task waits for it."""

from __future__ import annotations

import json
import os
import re
import sys
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

from nbkit.errors import NbkitError
from nbkit.source_notebook import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from nbkit.channel import Line
    from nbkit.settings import Settings
    from nbkit.spark.lease import Hold

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

    find_java(settings.spark.java)
    ensure_jars()
    stay = 60 * settings.spark.keep_minutes
    with hold(settings, wait=False, stay=stay) as held:
        heard: Future[Line] = Future()
        if stay:
            Thread(target=_listen, args=(held, heard), daemon=True).start()
        yield ()
        if heard.done() and heard.exception() is None:
            _leave_ready(settings, first=bool(heard.result().get("stays_from_now_on")))


def _listen(held: Hold, heard: Future[Line]) -> None:
    try:
        heard.set_result(held.ready())
    except NbkitError as error:  # whoever needs Spark says it better
        heard.set_exception(error)


def _leave_ready(settings: Settings, *, first: bool) -> None:
    """Let the next run find everything imported, too, and say so the first time."""
    from nbkit.kernels import kept_forks
    from nbkit.kernels.fork_client import CAN_FORK
    from nbkit.spark import class_data

    if CAN_FORK:
        kept_forks.keep(settings, wait=False)
    if not first or sys.stderr is None:
        return
    if class_data.build_in_background(settings):
        print("nbkit: Java learns in the background to start faster next time", file=sys.stderr)
    print(
        f"nbkit: Spark stays ready for {settings.spark.keep_minutes:g} minutes after the last run; "
        "`nbkit driver stop` ends it, `keep_minutes = 0` under [spark] keeps it from staying",
        file=sys.stderr,
    )


def as_kept(settings: Settings, keep: bool | None) -> Settings:
    """Return settings that let a run leave its driver ready only when that is wanted.

    Args:
        settings: of the project.
        keep: whether it is wanted; None for: if a person at a terminal waits for the run.
    """
    if keep is None:
        watched = sys.stderr is not None and sys.stderr.isatty()
        keep = watched and not os.environ.get("CI")
    if keep:
        return settings
    spark = settings.spark.model_copy(update={"keep_minutes": 0.0})
    return settings.model_copy(update={"spark": spark})


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
