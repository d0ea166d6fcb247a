"""`sql_task`: statements from a file, on the project's Spark instead of a SQL warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.errors import DefinitionError
from nbkit.on_disk import read_text
from nbkit.tasks.in_kernel import Program, notebook_of
from nbkit.tasks.places import find_file, missing_file
from nbkit.tasks.work import TaskFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbkit.tasks.work import Work

_HAND_ON = "%load_ext nbkit.toolkit.sql_task"


def sql_program(work: Work, directory: Path) -> Program:
    """Return the statements as one cell, which shows the last result and hands on its rows.

    `{{name}}` and `:name` are parameters of Spark; the kernel binds their values.

    Raises:
        TaskFailedError: there is no such file; or it is a dashboard, an alert or a saved query.
    """
    block = work.block
    given = block.get("file")
    path, text = None, _text_of(block.get("query") or {})
    if given is not None:
        path = find_file(directory, given["path"])
        if path is None:
            raise TaskFailedError("notebook_unreadable", missing_file(directory, given["path"]))
        text = _read(path)
    if text is None:
        raise TaskFailedError("unsupported", _refusal(block))
    code = f"%sql\n{text}"
    title = f"`{path.name}`" if path else "SQL"
    return Program(
        notebook_of(title, _HAND_ON, code),
        path.parent if path else directory,
        given["path"] if given else "",
    )


def _read(path: Path) -> str:
    try:
        return read_text(path)
    except DefinitionError as error:
        raise TaskFailedError("notebook_unreadable", str(error)) from None


def _text_of(query: Mapping[str, Any]) -> str | None:
    text = query.get("query_text")
    return None if text is None else str(text)


def _refusal(block: Mapping[str, Any]) -> str:
    what = next((name for name in ("query", "dashboard", "alert") if name in block), "query")
    advice = "give sql_task.file.path, or the text as sql_task.query.query_text"
    there = f"The {what} of this SQL task is kept by Databricks, so nbkit cannot run it"
    return f"{there}; {advice}." if what == "query" else f"{there}."
