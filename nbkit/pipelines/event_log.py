"""The event log: a Delta table in the schema of Databricks', written while an update goes on.

Events go to a file first, line by line, and from there into the table when the update is over: so
those of an update that was killed are in the table after the next one.
"""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nbkit.pipelines.progress import OVER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pyspark.sql import SparkSession

    from nbkit.pipelines.graph import PipelineGraph
    from nbkit.pipelines.progress import DatasetProgress

_FILE = "events.jsonl"
_TABLE = "event_log"
_SCHEMA = (
    "id STRING, sequence STRING, origin STRING, timestamp TIMESTAMP, message STRING, "
    "level STRING, maturity_level STRING, error STRING, details STRING, event_type STRING"
)
_STATES = {"RETRYING": "FAILED"}


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
        self._number = time.time_ns()
        folder.mkdir(parents=True, exist_ok=True)
        name = graph.spec.name
        cause = {"create_update": {"cause": "API_CALL", "full_refresh": full}}
        self.add("create_update", f"Update {self._update[:6]} of {name} began.", cause)
        for each in graph.datasets.values():
            self._defined(each.key)

    def __call__(self, said: DatasetProgress) -> None:
        """Note what becomes of a dataset."""
        state = _STATES.get(said.state, said.state)
        flow: dict[str, Any] = {"status": state}
        if said.rows is not None and said.state in OVER:
            flow["metrics"] = {"num_output_rows": said.rows}
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
            f"Flow {said.key} is {state}{why}",
            {"flow_progress": flow},
            origin={"flow_name": said.key, "dataset_name": said.key},
            level=level,
            error=error,
        )

    def ended(self, progress: Mapping[str, DatasetProgress], spark: SparkSession) -> None:
        """Note the update's end, and bring all events into the table."""
        states = {each.state for each in progress.values()}
        state = (
            "FAILED" if "FAILED" in states else "CANCELED" if "STOPPED" in states else "COMPLETED"
        )
        level = "INFO" if state == "COMPLETED" else "ERROR"
        said = {"update_progress": {"state": state}}
        self.add("update_progress", f"Update {self._update[:6]} is {state}.", said, level=level)
        self._moved(spark)

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
        spec = self._graph.spec
        event = {
            "id": str(uuid.uuid4()),
            "sequence": {"data_plane_id": {"seq_no": self._number}},
            "origin": {
                "pipeline_name": spec.name,
                "pipeline_type": "WORKSPACE",
                "update_id": self._update,
                "schema": spec.schema,
                **(origin or {}),
            },
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "message": message,
            "level": level,
            "maturity_level": "STABLE",
            "error": error,
            "details": details,
            "event_type": kind,
        }
        with (self._folder / _FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(event, default=str) + "\n")

    def _defined(self, key: str) -> None:
        found = self._graph.datasets[key]
        definition = {
            "output_dataset": key,
            "input_datasets": [{"name": parent} for parent in found.parents],
            "flow_type": found.kind.upper(),
            "schema": [] if found.columns is None else json.loads(found.columns.json())["fields"],
            "comment": found.dataset.comment,
            "source_code": str(found.dataset.place),
        }
        self.add(
            "flow_definition",
            f"Flow {key} is defined as {found.kind}.",
            {"flow_definition": definition},
            origin={"flow_name": key, "dataset_name": key},
        )

    def _moved(self, spark: SparkSession) -> None:
        """Append to the table what has gathered in the file, and empty that."""
        file = self._folder / _FILE
        lines = file.read_text("utf-8").splitlines()
        rows = spark.createDataFrame([(line,) for line in lines], "line STRING")
        texts = [f"get_json_object(line, '$.{name}') AS {name}" for name in _TEXT_COLUMNS]
        shaped = rows.selectExpr(*texts).selectExpr(
            *(
                f"cast({name} AS TIMESTAMP) AS {name}" if name == "timestamp" else name
                for name in _TEXT_COLUMNS
            )
        )
        writer = shaped.coalesce(1).write.format("delta").mode("append")
        writer.save(str(self._folder / _TABLE))
        file.unlink()


_TEXT_COLUMNS = tuple(part.strip().split()[0] for part in _SCHEMA.split(","))


def newest(folder: Path, limit: int) -> list[dict[str, Any]]:
    """Return the newest events of a pipeline, the oldest of them first.

    Args:
        folder: the pipeline's own.
        limit: how many at most.
    """
    found: list[dict[str, Any]] = []
    if (folder / _TABLE / "_delta_log").is_dir():
        from nbkit.toolkit.session import session

        spark = session.attach()
        assert spark is not None
        table = spark.read.format("delta").load(str(folder / _TABLE))
        order = "cast(get_json_object(sequence, '$.data_plane_id.seq_no') AS BIGINT) AS nbkit_order"
        rows = table.selectExpr("to_json(struct(*)) AS line", order)
        newest_rows = rows.orderBy("nbkit_order", ascending=False).limit(limit).collect()
        found = [_parsed(json.loads(row.line)) for row in reversed(newest_rows)]
    file = folder / _FILE
    if file.is_file():  # an update that goes on, or was killed
        found += [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return found[-limit:] if limit else []


def _parsed(row: dict[str, Any]) -> dict[str, Any]:
    """Return an event with its JSON columns as objects."""
    for name in ("sequence", "origin", "error", "details"):
        if row.get(name):
            row[name] = json.loads(row[name])
    return row


def _error(error: BaseException) -> dict[str, Any]:
    from nbkit.pipelines.failures import message_of

    said = {"class_name": type(error).__name__, "message": message_of(error)}
    return {"fatal": True, "exceptions": [said]}
