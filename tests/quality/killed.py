"""Writes rows through checks and is killed at a chosen point; started by `test_killed`.

Arguments: the project's folder, `write` or `stream`, and where to die, or `read` to print tables.
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


def main(root: Path, how: str, point: str) -> None:
    os.chdir(root)
    session._spark = spark = attach(Settings.of(root))
    if how == "read":
        tables = [f"{point}{end}" for end in ("", "_aside", "_past")]
        print(json.dumps([spark.table(name).toJSON().collect() for name in tables]))
        return
    if how == "more":
        more = spark.range(int(point), int(point) + 4).selectExpr("id", "id as b")
        more.write.mode("append").saveAsTable("source")
        return
    if point in POINTS:
        die_at(point)
    names = {"quarantine": f"{how}_aside", "history": f"{how}_past"}
    given = {"delta.columnMapping.mode": "name"}
    if how == "write":
        rows = spark.table("source").selectExpr("id", "b as `a.b`", "now() as at")
        quality.write(rows, "write", CHECKS, options=given, **names)
    else:
        rows = spark.readStream.table("source").selectExpr("id", "b as `a.b`", "now() as at")
        quality.stream(
            rows, "stream", CHECKS[:1], checkpoint=f"{root}/check", options=given, **names
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
