"""Runs as rows of a matrix: states and durations of tasks, and how expectations fared."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nbkit.report.view import run_view
from nbkit.whole_file import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nbkit.report.view import Record

Row = dict[str, Any]


def row_of(record: Record) -> Row:
    """Return a run as a row: all of it in a few hundred bytes, so that it can be kept."""
    run = run_view(record)
    return {
        "id": run.run_id,
        "name": run.name,
        "job_id": run.job_id,
        "look": asdict(run.look),
        "started": run.started,
        "ended": run.ended,
        "took": run.worked,
        "parameters": [list(each) for each in run.parameters],
        "tasks": [
            [task.key, [*asdict(task.look).values()], task.milliseconds] for task in run.tasks
        ],
        "expectations": [
            [
                told["dataset"],
                result["name"],
                result["passed"],
                result["failed"],
                result["ok"],
                result.get("threshold", 0),
            ]
            for task in run.tasks
            for told in task.told.get("expectations", ())
            for result in told["results"]
        ],
    }


def kept_row(run: Record, folder: Path, read: Callable[[], Record]) -> Row:
    """Return the row of a run that is listed; of one that is over it is made only once.

    Args:
        run: as listed, with its id, end and state.
        folder: of the run; its row is kept there.
        read: returns its whole record.
    """
    path = folder / "row.json"
    if run["end_time"] and path.is_file():
        row: Row = json.loads(path.read_text("utf-8"))
        if row["ended"] == run["end_time"] and "parameters" in row:
            return row
    row = row_of(read())
    if row["ended"] and folder.is_dir():
        with suppress(OSError):  # somebody else's runs: made anew each time
            write_atomically(path, json.dumps(row).encode())
    return row


def matrix_of(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the rows of one job's runs, newest first, as the front end draws them.

    Every look is named once, and cells are in the order of `tasks`: those of the newest run
    first, then what only earlier runs had.
    """
    tasks = list(dict.fromkeys(key for row in rows for key, _, _ in row["tasks"]))
    looks: dict[tuple[Any, ...], int] = {}
    runs = []
    for row in rows:
        cells = {
            key: [looks.setdefault(tuple(look), len(looks)), took]
            for key, look, took in row["tasks"]
        }
        kept = ("id", "look", "started", "took", "parameters", "expectations")
        runs.append(
            {
                **{name: row[name] for name in kept},
                "report": row.get("report", ""),
                "cells": [cells.get(key) for key in tasks],
            }
        )
    names = ("glyph", "word", "tone", "rank")
    return {
        "tasks": tasks,
        "looks": [dict(zip(names, look, strict=True)) for look in looks],
        "runs": runs,
    }
