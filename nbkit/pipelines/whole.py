"""A pipeline from its sources to its tables: read, analyse, update."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nbkit.errors import DefinitionError, Problem, UsageError
from nbkit.pipelines import tables
from nbkit.pipelines.analysis import analyse
from nbkit.pipelines.event_log import EventLog
from nbkit.pipelines.plan import Request, select
from nbkit.pipelines.sources import evaluate
from nbkit.pipelines.update import Update
from nbkit.whole_file import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pyspark.sql import SparkSession

    from nbkit.pipelines.graph import PipelineGraph
    from nbkit.pipelines.progress import DatasetProgress
    from nbkit.pipelines.spec import Spec
    from nbkit.pipelines.update import Listener

_UNSAFE = re.compile(r"[^\w.-]+")
_KNOWN = "datasets.json"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pipeline keeps checkpoints, schemas of files, and what it knows about itself."""

    folder: Path

    @classmethod
    def of(cls, spec: Spec, state_directory: Path) -> Place:
        """Return the place of a pipeline: its `storage`, or a folder of the project.

        Raises:
            UsageError: `storage` is no folder of this machine.
        """
        if not spec.storage:
            return cls(state_directory / "pipelines" / _UNSAFE.sub("_", spec.name))
        parts = urlsplit(spec.storage)
        if parts.scheme not in {"", "file"}:
            raise UsageError(f"storage {spec.storage}: nbkit keeps checkpoints in local folders")
        return cls(Path(parts.path) / _UNSAFE.sub("_", spec.name))

    @contextmanager
    def claimed(self, name: str) -> Iterator[None]:
        """Keep other updates of the same pipeline away.

        Raises:
            UsageError: one is under way.
        """
        from filelock import FileLock, Timeout

        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / "update.lock", blocking=False)
        try:
            lock.acquire()
        except Timeout:
            raise UsageError(f"pipeline {name} is being updated by another process") from None
        try:
            yield
        finally:
            lock.release()

    def known(self) -> tuple[str, ...]:
        """Return the datasets of the last update."""
        file = self.folder / _KNOWN
        return tuple(json.loads(file.read_text("utf-8"))) if file.is_file() else ()

    def remember(self, keys: Sequence[str]) -> None:
        """Note the datasets of this update."""
        write_atomically(self.folder / _KNOWN, json.dumps(sorted(keys)).encode())


def resolve(spec: Spec, spark: SparkSession) -> PipelineGraph:
    """Evaluate and analyse a pipeline; nothing is run, and no data read."""
    declared, problems = evaluate(spec, spark)
    if not declared.datasets and not problems:
        problems.append(Problem("", "its sources declare no datasets"))
    return analyse(declared, spec, spark, problems)


def checked(graph: PipelineGraph) -> PipelineGraph:
    """Return a pipeline that can run.

    Raises:
        DefinitionError: it cannot; all its problems.
    """
    if not graph.runnable:
        raise DefinitionError(graph.problems, f"pipeline {graph.spec.name}")
    return graph


def update(
    graph: PipelineGraph,
    spark: SparkSession,
    place: Place,
    request: Request,
    listeners: Sequence[Listener] = (),
) -> Mapping[str, DatasetProgress]:
    """Update a pipeline, and return the last word on each of its datasets.

    Raises:
        DefinitionError: it cannot run, or the request names what is not there.
        UsageError: another update of it is under way.
    """
    selection = select(checked(graph), request)
    with place.claimed(graph.spec.name):
        stored = [each.key for each in graph.stored() if each.kind != "sink"]
        tables.ensure_schemas(spark, stored)
        log = EventLog(place.folder, graph, full=request.full_refresh_all)
        running = Update(graph, selection, spark, place.folder, (*listeners, log))
        try:
            progress = running.run()
        finally:
            log.ended(running.progress, spark)
        left = set(place.known()) - set(stored)
        place.remember([*stored, *left_over(spark, left, graph.spec.name)])
    return progress


def left_over(spark: SparkSession, keys: set[str], pipeline: str) -> list[str]:
    """Return those of some datasets whose tables are still there, and the pipeline's."""
    found = []
    for key in sorted(keys):
        state = tables.state_of(spark, key)
        if state is not None and state.owner == pipeline:
            found.append(key)
    return found
