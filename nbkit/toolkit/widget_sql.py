"""Widgets in `%sql` cells: `:name`, the older `${name}` and `getArgument`, `CREATE WIDGET`."""

from __future__ import annotations

import re
import typing

from nbkit.near import nearest
from nbkit.toolkit.widgets import InputWidgetNotDefined

if typing.TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import DataFrame

    from nbkit.toolkit.widgets import Widgets

    RunSql = Callable[..., DataFrame]

_UNBOUND = {"UNBOUND_SQL_PARAMETER", "NOT_A_CONSTANT_STRING.NOT_CONSTANT"}
"""How Spark says that a marker has no value: anywhere, and in `IDENTIFIER(:name)`."""
_NAME = r"(`[^`]+`|\w+)"
_TEXT = r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_MARKER = re.compile(r"(?<![:\w]):(?:`([^`]+)`|([A-Za-z_]\w*))")
_OLDER = re.compile(r"\$\{\s*(\w+)\s*\}")
"""Names with a dot or a colon in them, `${spark.x}` and `${env:X}`, are Spark's own."""
_ARGUMENT = re.compile(rf"\bgetArgument\(\s*{_TEXT}\s*(?:,\s*{_TEXT}\s*)?\)", re.IGNORECASE)
_CREATE = re.compile(
    rf"CREATE\s+WIDGET\s+(TEXT|DROPDOWN|COMBOBOX|MULTISELECT)\s+{_NAME}\s+DEFAULT\s+{_TEXT}"
    r"(?:\s+CHOICES\s+(.+))?",
    re.IGNORECASE | re.DOTALL,
)
_COMMENTS = re.compile(r"\A(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)+", re.DOTALL)
_REMOVE = re.compile(rf"REMOVE\s+WIDGET\s+{_NAME}", re.IGNORECASE)


def run(statement: str, widgets: Widgets, sql: RunSql) -> DataFrame | None:
    """Run one statement of a `%sql` cell, with the notebook's widgets in it.

    A marker `:name` is a value of type string, as on Databricks; `${name}` is text in the
    statement, and is left to Spark where there is no such widget.

    Args:
        statement: SQL, or `CREATE WIDGET …` or `REMOVE WIDGET …`, which have no result.
        widgets: of the notebook.
        sql: runs a query with arguments by name, `sql(query, args=…)`.

    Raises:
        InputWidgetNotDefined: the statement names a widget that there is not.
    """
    bare = _COMMENTS.sub("", statement).strip()
    if created := _CREATE.fullmatch(bare):
        _create(created, widgets, sql)
        return None
    if removed := _REMOVE.fullmatch(bare):
        widgets.remove(removed[1].strip("`"))
        return None
    text = _ARGUMENT.sub(lambda found: _argument(found, widgets), statement)
    known = widgets._all()  # noqa: SLF001 - to read all is not what the cell does
    text = _OLDER.sub(lambda old: widgets.get(old[1]) if old[1] in known else old[0], text)
    marked = dict.fromkeys(quoted or name for quoted, name in _MARKER.findall(text))
    arguments = {name: widgets.get(name) for name in marked if name in known}
    unknown = [name for name in marked if name not in known]
    return _run(text, arguments, sql, unknown, list(known))


def _run(
    text: str, arguments: dict[str, str], sql: RunSql, unknown: list[str], known: list[str]
) -> DataFrame:
    from pyspark.errors import PySparkException

    try:
        return sql(text, args=arguments or None)
    except PySparkException as error:
        if not unknown or error.getCondition() not in _UNBOUND:
            raise
        told = (error.getMessageParameters() or {}).get("name")
        name = told if told in unknown else unknown[0]
        near = nearest(name, known)
        hint = f"; did you mean {near!r}?" if near else ""
        raise InputWidgetNotDefined(
            f"The SQL asks for :{name}, and no input widget named {name} is defined{hint}"
        ) from error


def _create(created: re.Match[str], widgets: Widgets, sql: RunSql) -> None:
    kind, name, default, query = created.groups()
    name, default = name.strip("`"), _unquoted(default)
    if kind.lower() == "text":
        widgets.text(name, default)
        return
    rows = sql(query, args=None).collect() if query else ()
    choices = [str(row[0]) for row in rows if row[0] is not None]
    getattr(widgets, kind.lower())(name, default, choices)


def _argument(found: re.Match[str], widgets: Widgets) -> str:
    default = _unquoted(found[2]) if found[2] else None
    value = widgets.getArgument(_unquoted(found[1]), default)
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])
