"""Updates a pipeline and is killed at a chosen point; started by `test_killed`.

Arguments: the project's folder, and where to die, or `read` to print the tables at the end.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbkit.pipelines.declare.spec import read_spec
from nbkit.pipelines.place import PipelinePlaces
from nbkit.pipelines.refresh import cdc, quarantine
from nbkit.pipelines.refresh.flow_kinds import appended
from nbkit.pipelines.refresh.plan import Request
from nbkit.pipelines.refresh.update import raise_for_failures
from nbkit.pipelines.updating import resolve, update
from nbkit.settings import Settings
from nbkit.spark.lease import attach
from nbkit.toolkit.session import session

TABLES = ("plain", "split", "split_quarantine", "people")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after_good() -> None:
    """After the rows of the table, before those of the quarantine."""
    append = quarantine.append_once

    def once(rows: Any, key: str, *given: Any) -> None:
        append(rows, key, *given)
        if key.endswith(".split"):
            die()

    quarantine.append_once = once


def before_good() -> None:
    """Once the rows of the quarantine are put aside, before those of the table."""
    quarantine.append_once = lambda *_: die()


def after_both() -> None:
    """After both, before the batch is recorded."""
    deliver = quarantine.deliver

    def then_die(*given: Any) -> None:
        deliver(*given)
        die()

    quarantine.deliver = then_die


def emptied() -> None:
    """In a full refresh: when the table has been emptied, and its quarantine not yet."""
    quarantine.Quarantine.ensure = lambda *_: die()


def after_merge() -> None:
    """After changes were merged, before their batch is recorded."""
    merged = cdc.ChangesInto._merged

    def then_die(self: Any, *given: Any) -> None:
        merged(self, *given)
        die()

    cdc.ChangesInto._merged = then_die


def after_commit() -> None:
    """The driver too, once a batch is in its table: before it is recorded, or just after."""
    spark = session._spark
    where = spark.sql("DESCRIBE DETAIL killed.plain").first().location.removeprefix("file:")
    log = Path(where) / "_delta_log"
    before = len(list(log.glob("*.json")))
    java = int(spark._jvm.java.lang.ProcessHandle.current().pid())

    def watch(*_: Any) -> None:
        deadline = time.monotonic() + 300
        while len(list(log.glob("*.json"))) == before and time.monotonic() < deadline:
            time.sleep(0.001)
        os.kill(java, signal.SIGKILL)
        die()

    kind = appended.KIND
    appended.KIND = replace(kind, run=lambda work: kind.run(replace(work, finished=watch)))


def main(root: Path, point: str) -> None:
    os.chdir(root)
    settings = Settings.of(root)
    session._spark = spark = attach(settings)
    if point == "read":
        print(json.dumps([spark.table(f"killed.{name}").toJSON().collect() for name in TABLES]))
        return
    spec = read_spec(root)
    graph = resolve(spec, spark)
    if point != "nowhere":
        globals()[point]()
    request = Request(full_refresh=("split",) if point == "emptied" else ())
    raise_for_failures(
        update(graph, spark, PipelinePlaces.of(spec, settings.state_directory), request)
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
