"""What Spark does for a run's attempts at this moment: for whoever looks, and never on record.

A file in the run's folder, which is replaced as it changes and goes when the run ends, shows it
to other processes of this machine. It says nothing that the ledger would have to keep.
"""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from nbkit.events import Unit
from nbkit.spark.work_now import is_something, together

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbkit.wire import SparkWork

    Works = Mapping[Unit, SparkWork]

_FILE = ".work-now.json"
_PACE_SECONDS = 0.5
"""From a change until it is written, with all that changed meanwhile."""


class WorkBoard:
    """Knows what Spark does for each attempt of one run; safe to use from several threads.

    As a context manager it leaves nothing behind.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / _FILE
        self._works: dict[Unit, SparkWork] = {}
        self._lock = threading.Lock()
        self._due: threading.Timer | None = None

    def put(self, unit: Unit, work: SparkWork | None) -> None:
        """Take note of what Spark does for the attempt of a unit; None when it is over."""
        with self._lock:
            before = self._works.pop(unit, None)
            if work is not None and is_something(work):
                self._works[unit] = work
            if before != self._works.get(unit) and self._due is None:
                self._due = threading.Timer(_PACE_SECONDS, self._write)
                self._due.daemon = True
                self._due.start()

    def of(self, unit: Unit) -> SparkWork | None:
        """Return what Spark does for the attempt of a unit; None for nothing that is known."""
        return self._works.get(unit)

    def _write(self) -> None:
        with self._lock:
            if self._due is None:  # the run is over
                return
            self._due = None
            found = [[unit.task_key, unit.iteration, work] for unit, work in self._works.items()]
            fresh = self._file.with_name(f"{_FILE}.new")
            with suppress(OSError):  # a full disk has better ways to be told of
                fresh.write_text(json.dumps(found), encoding="utf-8")
                fresh.replace(self._file)

    def __enter__(self) -> Self:
        """Forget what an earlier process of the run left."""
        self._clear()
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the file."""
        self._clear()

    def _clear(self) -> None:
        with self._lock:
            if self._due is not None:
                self._due.cancel()
                self._due = None
            self._works.clear()
            for left in (self._file, self._file.with_name(f"{_FILE}.new")):
                with suppress(OSError):
                    left.unlink(missing_ok=True)


class WorkLook:
    """Sees, from another process, what the board of a run shows.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / _FILE
        self._seen: object = None
        self.works: Works = {}

    def changed(self) -> bool:
        """Look once, and say whether there is anything new in `works`."""
        try:
            found = self._file.stat()
        except OSError:
            found = None
        seen = found and (found.st_ino, found.st_mtime_ns, found.st_size)
        if seen == self._seen:
            return False
        self._seen = seen
        works = self._read() if found else {}
        if works == self.works:
            return False
        self.works = works
        return True

    def _read(self) -> Works:
        try:
            listed: list[Any] = json.loads(self._file.read_bytes())
        except (OSError, ValueError):  # gone meanwhile, or somebody else's
            return {}
        return {Unit(key, iteration): work for key, iteration, work in listed}


def with_work(record: Mapping[str, Any], works: Works) -> dict[str, Any]:
    """Return the record of a run with what Spark does in the `progress` of each task that runs."""
    by_task: dict[str, list[SparkWork]] = {}
    for unit, work in works.items():
        by_task.setdefault(unit.task_key, []).append(work)

    def told(task: dict[str, Any]) -> dict[str, Any]:
        found = by_task.get(task["task_key"])
        if not found or task["state"]["life_cycle_state"] != "RUNNING":
            return task
        return {**task, "progress": {**task.get("progress", {}), "spark": together(found)}}

    return {**record, "tasks": [told(task) for task in record["tasks"]]}
