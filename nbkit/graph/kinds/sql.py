"""`sql_task`: statements from a file, on the project's Spark instead of a SQL warehouse."""

from __future__ import annotations

from posixpath import basename
from typing import TYPE_CHECKING, Any

from pydantic import Field

from nbkit.graph.fields import FilledText, Part, Text
from nbkit.graph.findings import Finding
from nbkit.graph.kinds.kind import (
    FileField,
    NotHereError,
    Parameters,
    Program,
    Source,
    TaskKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbkit.graph.findings import Loc
    from nbkit.graph.kinds.kind import Block, Material, Returned

_ONE_OF = ("query", "file", "dashboard", "alert")
_HAND_ON = "%load_ext nbkit.toolkit.sql_task"


class SqlTaskSubscription(Part):
    """Who hears of a query's result."""

    destination_id: Text | None = None
    user_name: Text | None = None


class SqlTaskAlert(Part):
    """An alert to evaluate."""

    alert_id: Text
    pause_subscriptions: bool | None = None
    subscriptions: list[SqlTaskSubscription] | None = None


class SqlTaskDashboard(Part):
    """A dashboard to refresh."""

    dashboard_id: Text
    custom_subject: Text | None = None
    pause_subscriptions: bool | None = None
    subscriptions: list[SqlTaskSubscription] | None = None


class SqlTaskFile(Part):
    """A file of SQL."""

    path: FilledText
    source: Source | None = None


class SqlTaskQuery(Part):
    """A saved query."""

    query_id: FilledText


class SqlTask(Part):
    """Run SQL: one of a query, a file, a dashboard or an alert."""

    warehouse_id: FilledText
    alert: SqlTaskAlert | None = None
    dashboard: SqlTaskDashboard | None = None
    file: SqlTaskFile | None = None
    parameters: dict[str, Text] = Field(default_factory=dict)
    query: SqlTaskQuery | None = None


def _program(material: Material) -> Program:
    """Run the statements as one cell, which shows the last result and hands on its rows.

    `{{name}}` and `:name` are parameters of Spark; the kernel binds their values.
    """
    if material.file is not None:
        title = f"`{basename(material.file.path)}`"
        return Program(title, (_HAND_ON, f"%sql\n{material.file.text}"))
    text = (material.block.get("query") or {}).get("query_text")
    if text is None:
        raise NotHereError(_refusal(material.block))
    return Program("SQL", (_HAND_ON, f"%sql\n{text}"), "")


def _refusal(block: Block) -> str:
    what = next((name for name in ("query", "dashboard", "alert") if name in block), "query")
    advice = "give sql_task.file.path, or the text as sql_task.query.query_text"
    there = f"The {what} of this SQL task is kept by Databricks, so nbkit cannot run it"
    return f"{there}; {advice}." if what == "query" else f"{there}."


def _wrong(sql: SqlTask, loc: Loc) -> Iterator[Finding]:
    given = [name for name in _ONE_OF if getattr(sql, name) is not None]
    if len(given) != 1:
        names = ", ".join(_ONE_OF)
        yield Finding(loc, f"exactly one of {names} is needed, not {' and '.join(given) or 'none'}")


def _output(returned: Returned) -> dict[str, Any]:
    """Say what it gave: its warehouse, as the API has it, and rows, which the API has not."""
    rows = returned.rows
    if rows is None:
        return {}
    output = {
        "query_output": {"warehouse_id": returned.block.get("warehouse_id", "")},
        "columns": rows["columns"],
        "rows": rows["rows"],
        "truncated": rows["more"],
    }
    return {"sql_output": output}


def _subject(block: Block) -> str:
    return str((block.get("file") or {}).get("path", ""))


SQL = TaskKind(
    name="sql_task",
    model=SqlTask,
    label="SQL",
    runs="kernel",
    file=FileField(("file", "path"), "text"),
    named=Parameters("parameters", "sql_params"),
    program=_program,
    gives_rows=True,
    subject=_subject,
    output=_output,
    wrong=_wrong,
)
