"""Writes rows through checks and is killed at a chosen point; started by `test_killed`.

Arguments: the project's folder, `write` or `stream`, and what to do one after the other: `more` for
more rows to write, `whole` to write them, where to die while that is done, `read` to print tables.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from nbkit import quality
from nbkit.quality import target
from nbkit.quality.history import History
from nbkit.settings import Settings
from nbkit.spark.lease import attach
from nbkit.toolkit.session import session

POINTS = {
    "before": (target.Target, "_aside", False),
    "quarantined": (target.Target, "_aside", True),
    "written": (target.Target, "_save", True),
    "recorded": (History, "_append", True),
}
"""What is replaced by itself and a death, and whether that comes after it."""
CHECKS = [
    quality.expect("even", "`a.b` % 2 = 0", action="quarantine"),
    quality.row_count(1, name="rows"),
    quality.unique("id", name="once"),
]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(point: str) -> None:
    owner, name, afterwards = POINTS[point]
    whole = getattr(owner, name)

    def dying(*given: Any, **named: Any) -> Any:
        if afterwards:
            whole(*given, **named)
        die()

    setattr(owner, name, dying)


def more(spark: Any, how: str) -> None:
    """Add four rows to those that are to be written."""
    there = (
        spark.table(f"{how}_source").count() if spark.catalog.tableExists(f"{how}_source") else 0
    )
    rows = spark.range(there, there + 4).selectExpr("id", "id as b")
    rows.write.mode("append").saveAsTable(f"{how}_source")


def write(spark: Any, how: str) -> None:
    names = {"quarantine": f"{how}_aside", "history": f"{how}_past"}
    given = {"delta.columnMapping.mode": "name"}
    columns = ("id", "b as `a.b`", "now() as at")
    if how == "write":
        rows = spark.table("write_source").selectExpr(*columns)
        quality.write(rows, "write", CHECKS, options=given, **names)
    else:
        rows = spark.readStream.table("stream_source").selectExpr(*columns)
        quality.stream(
            rows, "stream", CHECKS[:1], checkpoint=f"{Path.cwd()}/check", options=given, **names
        )


def read(spark: Any, how: str) -> None:
    tables = [f"{how}{end}" for end in ("", "_aside", "_past")]
    print(json.dumps([spark.table(name).toJSON().collect() for name in tables]))


def main(root: Path, how: str, steps: list[str]) -> None:
    os.chdir(root)
    session._spark = spark = attach(Settings.of(root))
    for step in steps:
        if step in POINTS:
            die_at(step)
        do = {"more": more, "read": read}.get(step, write)
        do(spark, how)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
