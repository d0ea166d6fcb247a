"""Runs as their pages show them; a page that looks again is told only what has changed."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbkit.errors import DefinitionError
from nbkit.graph.load import parse_job
from nbkit.report.documents import run_document, task_documents
from nbkit.report.view import run_view
from nbkit.rules.record import record
from nbkit.rules.state import RunState
from nbkit.ui.picture import graph_svg

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.api.watching import RunWatch

_REMEMBERED = 32


@dataclass(slots=True)
class _Shown:
    """A run, and with which look each part of it last changed."""

    look: int = 0
    record: Mapping[str, Any] | None = None
    run: tuple[int, dict[str, Any]] = (0, {})
    tasks: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    graph: tuple[int, str] = (0, "")
    lock: threading.Lock = field(default_factory=threading.Lock)


class Shown:
    """All runs that pages look at.

    Args:
        watch: tells how they stand.
    """

    def __init__(self, watch: RunWatch) -> None:
        self._watch = watch
        self._runs: OrderedDict[int, _Shown] = OrderedDict()
        self._lock = threading.Lock()

    def changes(self, run_id: int, seen: int = 0) -> dict[str, Any]:
        """Return what has changed of a run since the look `seen`; 0 for all of it.

        Raises:
            RunNotFoundError: there is no such run.
        """
        found = self._watch.record(run_id)
        with self._lock:
            shown = self._runs.setdefault(run_id, _Shown())
            self._runs.move_to_end(run_id)
            while len(self._runs) > _REMEMBERED:
                self._runs.popitem(last=False)
        with shown.lock:
            if shown.record is not found:
                _take(shown, found)
            changed: dict[str, Any] = {"look": shown.look, "live": is_live(found)}
            if not 0 < seen <= shown.look:
                seen = 0
            if shown.graph[0] > seen:
                changed["graph"] = shown.graph[1]
            if shown.run[0] > seen:
                changed["run"] = shown.run[1]
            tasks = {key: task for key, (look, task) in shown.tasks.items() if look > seen}
            return {**changed, "tasks": tasks} if tasks else changed


def not_run(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a job as a run of which nothing has happened; nothing of one that is wrong.

    Args:
        settings: of the job.
    """
    try:
        graph = parse_job(json.dumps(dict(settings))).graph
    except DefinitionError:
        return {}
    made = record(graph, RunState.fresh(graph))
    tasks = [_not_run(task) for task in made["tasks"]]
    view = run_view({**made, "run_name": graph.job.name, "tasks": tasks})
    return {
        "graph": graph_svg(view),
        "run": run_document(view),
        "tasks": task_documents(view),
        "live": False,
    }


def is_live(found: Mapping[str, Any]) -> bool:
    """Say whether a run goes on, or waits to."""
    return bool(found["status"]["state"] != "TERMINATED")


def _take(shown: _Shown, found: Mapping[str, Any]) -> None:
    """Put a newer record in place, and mark what is not as it was."""
    shown.look += 1
    look, keys = shown.look, [task["task_key"] for task in found["tasks"]]
    before = [task["task_key"] for task in shown.record["tasks"]] if shown.record else None
    view = run_view(dict(found))
    run = run_document(view)
    if shown.run[1] != run:
        shown.run = (look, run)
    if keys != before:  # the job may have changed before a repair
        fresh = {**found, "tasks": [_not_run(task) for task in found["tasks"]]}
        shown.graph = (look, graph_svg(run_view(fresh)))
        shown.tasks.clear()
    for key, task in task_documents(view).items():
        if key not in shown.tasks or shown.tasks[key][1] != task:
            shown.tasks[key] = (look, task)
    shown.record = found


def _not_run(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task of which nothing has happened: the graph is drawn once, then brought along."""
    state = {"life_cycle_state": "BLOCKED", "state_message": ""}
    return {**task, "state": state, "attempts": [], "iterations": [], "start_time": 0}
