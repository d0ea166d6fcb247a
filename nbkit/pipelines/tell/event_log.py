"""The event log: a Delta table in the schema of Databricks', written while an update goes on.

Who asks for lineage hears of it from here too, as OpenLineage events.

Events go to a file first, line by line, and from there into the table when the update is over: so
those of an update that was killed are in the table after the next one.
"""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime
from getpass import getuser
from typing import TYPE_CHECKING, Any

from nbkit import serving as attempt
from nbkit.pipelines.refresh.progress import OVER, end_of
from nbkit.pipelines.tell.lineage_events import events_for
from nbkit.pipelines.tell.lineage_sources import read_besides
from nbkit.pipelines.tell.planning import planning_information, technique_of
from nbkit.toolkit.redaction import redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from nbkit.pipelines.refresh.progress import DatasetProgress, Planned
    from nbkit.pipelines.resolve.graph import AnalysedDataset, AnalysedFlow, PipelineGraph

_FILE = "events.jsonl"
TABLE = "event_log"
"""Folder of the log, in the pipeline's own."""
_ORIGIN = (
    "org_id",
    "user_id",
    "pipeline_id",
    "pipeline_type",
    "pipeline_name",
    "update_id",
    "catalog_name",
    "schema_name",
    "dataset_name",
    "flow_name",
    "task_run_id",
    "job_run_id",
)
_PARSED = (
    "id STRING, sequence STRUCT<data_plane_id: STRUCT<instance: STRING, seq_no: BIGINT>>, "
    f"origin STRUCT<{', '.join(f'{name}: STRING' for name in _ORIGIN)}>, timestamp TIMESTAMP, "
    "message STRING, level STRING, maturity_level STRING, "
    "error STRUCT<fatal: BOOLEAN, exceptions: ARRAY<STRUCT<class_name: STRING, message: STRING>>>, "
    "event_type STRING"
)
_NAMES = (
    "id",
    "sequence",
    "origin",
    "timestamp",
    "message",
    "level",
    "maturity_level",
    "error",
    "details",
    "event_type",
)
_STATES = {"RETRYING": "FAILED"}
_NO_STATISTICS = ("delta.dataSkippingNumIndexedCols", "0")
"""Of the few rows of an update; collecting them takes as long as writing the rows."""


class EventLog:
    """Writes the events of one update.

    Args:
        folder: the pipeline's own.
        graph: the pipeline.
        full: whether all datasets begin anew.
    """

    def __init__(self, folder: Path, graph: PipelineGraph, *, full: bool) -> None:
        self._folder = folder
        self._graph = graph
        self._update = str(uuid.uuid4())
        self._lineage = events_for(graph, self._update)
        self._number = time.time_ns()
        folder.mkdir(parents=True, exist_ok=True)
        name = graph.spec.name
        self._origin = {
            "pipeline_id": name,
            "pipeline_name": name,
            "pipeline_type": "WORKSPACE",
            "update_id": self._update,
            "catalog_name": graph.spec.catalog or None,
            "schema_name": graph.spec.schema,
        }
        person = getuser()
        started = {"user_action": {"action": "START", "user_name": person}}
        self.add("user_action", f"User {person} started an update.", started)
        context = attempt.current()
        cause = "API_CALL" if context is None else "JOB_TASK"
        asked = {"cause": cause, "full_refresh": full, "run_as": person, "config": self._settings()}
        self.add(
            "create_update",
            f"Update {self._update[:6]} of {name} began.",
            {"create_update": asked},
        )
        for each in graph.datasets.values():
            self._declared(each)
            for flow in each.flows:
                self._defined(each, flow)
        self._progressed("RUNNING")

    def _settings(self) -> dict[str, Any]:
        spec = self._graph.spec
        return {"configuration": dict(spec.configuration), "continuous": spec.continuous}

    def __call__(self, said: DatasetProgress) -> None:
        """Note what becomes of a dataset."""
        if said.planned is not None:
            self._planned(said.name, said.planned)
            return
        if self._lineage is not None:
            self._lineage(said)
        state = _STATES.get(said.state, said.state)
        flow: dict[str, Any] = {"status": state}
        if said.rows is not None and said.state in OVER:
            flow["metrics"] = {"num_output_rows": said.rows}
            if said.merged is not None:
                flow["metrics"] |= {
                    "num_upserted_rows": said.merged.upserted,
                    "num_deleted_rows": said.merged.deleted,
                }
        results = [
            {
                "name": result.name,
                "dataset": outcome.dataset,
                "passed_records": result.passed,
                "failed_records": result.failed,
            }
            for outcome in said.outcomes
            for result in outcome.results
        ]
        if results or said.dropped:
            quality = {"dropped_records": said.dropped or 0, "expectations": results}
            flow["data_quality"] = quality
        why = f": {said.message}" if said.message else "."
        level = {"FAILED": "ERROR", "SKIPPED": "WARN", "STOPPED": "WARN"}.get(state, "INFO")
        error = None if said.error is None else _error(said.error)
        self.add(
            "flow_progress",
            f"Flow {said.name} is {state}{why}",
            {"flow_progress": flow},
            origin={"flow_name": said.name, "dataset_name": said.name},
            level=level,
            error=error,
        )

    def _planned(self, name: str, planned: Planned) -> None:
        """Note in which of the ways that there are a view is to be refreshed, and why."""
        technique = technique_of(planned.decision)
        if not technique:
            return
        named = self._graph.naming.written
        known = self._graph.datasets
        told = planning_information(
            planned.decision, planned.facts, lambda key: named(key) if key in known else key
        )
        self.add(
            "planning_information",
            f"Flow {name} has been planned to be executed as {technique}.",
            {"planning_information": told},
            origin={"flow_name": name, "dataset_name": name},
        )

    def ended(self, progress: Mapping[str, DatasetProgress], spark: SparkSession) -> None:
        """Note the update's end, and bring all events into the table."""
        state = end_of(progress.values())
        level = "INFO" if state == "COMPLETED" else "ERROR"
        self._progressed(state, level)
        self._kept(spark)
        if self._lineage is not None:
            self._lineage.ended(progress)

    def _progressed(self, state: str, level: str = "INFO") -> None:
        said = {"update_progress": {"state": state}}
        self.add("update_progress", f"Update {self._update[:6]} is {state}.", said, level=level)

    def add(
        self,
        kind: str,
        message: str,
        details: Mapping[str, Any],
        *,
        origin: Mapping[str, Any] | None = None,
        level: str = "INFO",
        error: Mapping[str, Any] | None = None,
    ) -> None:
        """Append an event."""
        self._number += 1
        event = {
            "id": str(uuid.uuid4()),
            "sequence": {"data_plane_id": {"seq_no": self._number}},
            "origin": {**self._origin, **(origin or {})},
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "message": message,
            "level": level,
            "maturity_level": "STABLE",
            "error": error,
            "details": details,
            "event_type": kind,
        }
        with (self._folder / _FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(redactor.anything(event), default=str) + "\n")

    def _declared(self, found: AnalysedDataset) -> None:
        listed = [
            {"name": rule.name, "expression": rule.condition, "action": rule.action.upper()}
            for rule in found.dataset.rules
        ]
        definition = {
            "dataset_type": found.kind.upper(),
            "num_flows": len(found.flows),
            "expectations": listed,
            "comment": found.dataset.comment,
            "source_code": str(found.dataset.place),
        }
        kind = "sink_definition" if found.kind == "sink" else "dataset_definition"
        self.add(
            kind,
            f"Dataset {found.written} is defined as {found.kind}.",
            {kind: definition},
            origin={"dataset_name": found.written},
        )

    def _defined(self, found: AnalysedDataset, flow: AnalysedFlow) -> None:
        """Note a flow, with what it reads: datasets of the pipeline and all else."""
        written = self._graph.naming.written
        inputs = [written(key) for key in flow.inputs.datasets if key != found.key]
        inputs += [each.name for each in read_besides(flow.frame)]
        definition = {
            "output_dataset": found.written,
            "input_datasets": [{"name": name} for name in dict.fromkeys(inputs)],
            "flow_type": _flow_type(found, flow),
            "schema": [] if found.columns is None else json.loads(found.columns.json())["fields"],
            "comment": found.dataset.comment,
            "spark_conf": [{"key": key, "value": value} for key, value in flow.flow.conf.items()],
            "language": "SQL" if getattr(flow.flow.query, "sql", None) else "PYTHON",
            "once": flow.flow.once,
            "source_code": str(flow.flow.place),
        }
        name = self._named(flow)
        self.add(
            "flow_definition",
            f"Flow {name} is defined as {definition['flow_type']}.",
            {"flow_definition": definition},
            origin={"flow_name": name, "dataset_name": found.written},
        )

    def _named(self, flow: AnalysedFlow) -> str:
        """Return a flow's name as its events have it: a dataset's own flow has its key."""
        own = self._graph.naming.key(flow.flow.name) == flow.target
        return self._graph.naming.written(flow.target) if own else flow.flow.name

    def _kept(self, spark: SparkSession) -> None:
        """Append to the table what has gathered in the file, and empty that."""
        file = self._folder / _FILE
        lines = file.read_text("utf-8").splitlines()
        details = "get_json_object(value, '$.details') AS details"
        parsed = _rows(spark, lines).selectExpr(f"from_json(value, '{_PARSED}') AS event", details)
        shaped = parsed.selectExpr(
            *("details" if name == "details" else f"event.{name}" for name in _NAMES)
        )
        writer = shaped.coalesce(1).write.format("delta").mode("append")
        writer.option(*_NO_STATISTICS).save(str(self._folder / TABLE))
        file.unlink()


def _rows(spark: SparkSession, lines: Sequence[str]) -> DataFrame:
    """Return lines as `value`; not by `createDataFrame`, which starts a job to hand them over."""
    from pyspark.sql import DataFrame

    jvm: Any = spark._jvm  # noqa: SLF001 - PySpark has no other way
    handed = jvm.java.util.ArrayList()
    for line in lines:
        handed.add(line)
    text = jvm.org.apache.spark.sql.Encoders.STRING()
    return DataFrame(spark._jsparkSession.createDataset(handed, text).toDF(), spark)  # noqa: SLF001


def _flow_type(found: AnalysedDataset, flow: AnalysedFlow) -> str:
    """Return what Databricks' event log calls a flow like this."""
    if flow.flow.changes is not None:
        return "SNAPSHOT_CHANGE" if flow.flow.changes.snapshots else "CHANGE"
    if found.kind == "temporary_view":
        return "VIEW"
    return "MATERIALIZED_VIEW" if found.kind == "materialized_view" else "APPEND"


def newest(folder: Path, limit: int, attach: Callable[[], SparkSession]) -> list[dict[str, Any]]:
    """Return the newest events of a pipeline, the oldest of them first.

    Args:
        folder: the pipeline's own.
        limit: how many at most.
        attach: returns a session; it is asked only if there is a log.
    """
    found: list[dict[str, Any]] = []
    if (folder / TABLE / "_delta_log").is_dir():
        table = attach().read.format("delta").load(str(folder / TABLE))
        order = "sequence.data_plane_id.seq_no AS nbkit_order"
        rows = table.selectExpr("to_json(struct(*)) AS line", order)
        newest_rows = rows.orderBy("nbkit_order", ascending=False).limit(limit).collect()
        found = [_parsed(json.loads(row.line)) for row in reversed(newest_rows)]
    file = folder / _FILE
    if file.is_file():  # an update that goes on, or was killed
        found += [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return found[-limit:] if limit else []


def _parsed(row: dict[str, Any]) -> dict[str, Any]:
    """Return an event with its details as an object."""
    return {**row, "details": json.loads(row["details"]), "error": row.get("error")}


def _error(error: BaseException) -> dict[str, Any]:
    from nbkit.pipelines.refresh.failures import message_of

    said = {"class_name": type(error).__name__, "message": message_of(error)}
    return {"fatal": True, "exceptions": [said]}
