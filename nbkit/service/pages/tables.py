"""The tables of the project as the side bar shows them: their columns, versions, and writers."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nbkit.api.watching import Wanted
from nbkit.errors import UsageError
from nbkit.ledger.database import is_there
from nbkit.spark.catalogs import OWN
from nbkit.spark.warehouse_tables import about, tables

if TYPE_CHECKING:
    from nbkit.service.project import Project
    from nbkit.spark.warehouse_tables import Table

_RUNS_LOOKED_AT = 50
_WRITERS = 5


def tables_document(project: Project) -> dict[str, Any]:
    """Return the names of all tables, or why they cannot be listed."""
    try:
        found = tables(project.settings)
    except UsageError as error:
        return {"tables": [], "problem": str(error)}
    default = project.settings.spark.default_catalog
    told = [{**asdict(each), "spoken": each.names(default)[0]} for each in found]
    return {"tables": told, "problem": ""}


def table_document(project: Project, folder: str) -> dict[str, Any]:
    """Return what is known of a table: its log, and which datasets of which runs wrote it.

    Raises:
        UsageError: there is none, or its log cannot be read.
    """
    found = about(folder, project.settings)
    table = next(each for each in tables(project.settings) if each.folder == folder)
    return {
        "columns": [list(each) for each in found.columns],
        "partitions": list(found.partitions),
        "comment": found.comment,
        "history": [asdict(each) for each in found.history],
        "writers": _writers(project, table),
    }


def _writers(project: Project, table: Table) -> list[dict[str, Any]]:
    """Return the latest runs in which a dataset of this name was updated, the newest first."""
    if not is_there(project.settings.ledger_url):
        return []
    name = f"{table.schema}.{table.name}"
    own = {name, *(f"{catalog}.{name}" for catalog in (*OWN, "spark_catalog"))}
    names = {f"{table.catalog}.{name}"} if table.catalog else own
    found: list[dict[str, Any]] = []
    for run_id in project.watch.runs(Wanted(most=_RUNS_LOOKED_AT)):
        record = project.watch.record(run_id)
        found += [
            {"run_id": run_id, "job": record["run_name"], "task": task["task_key"]}
            for task in record["tasks"]
            if any(
                told.get("id") in names and told.get("rows") is not None
                for attempt in task.get("attempts") or ()
                for told in attempt.get("datasets") or ()
            )
        ]
        if len(found) >= _WRITERS:
            break
    return found[:_WRITERS]
