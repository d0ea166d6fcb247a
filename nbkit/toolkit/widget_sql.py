"""Widgets in `%sql` cells: `:name`, the older `${name}` and `getArgument`, `CREATE WIDGET`."""

from __future__ import annotations

import re
import typing

from nbkit.dialect.grammar import matched
from nbkit.dialect.parameters import markers
from nbkit.dialect.sql_text import literal
from nbkit.dialect.tokens import Edit, edited, tokens
from nbkit.near import hint
from nbkit.toolkit.widgets import InputWidgetNotDefined

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pyspark.sql import DataFrame

    from nbkit.dialect.grammar import Found
    from nbkit.dialect.tokens import Token
    from nbkit.toolkit.widgets import Widgets

    RunSql = Callable[..., DataFrame]

_UNBOUND = {"UNBOUND_SQL_PARAMETER", "NOT_A_CONSTANT_STRING.NOT_CONSTANT"}
"""How Spark says that a marker has no value: anywhere, and in `IDENTIFIER(:name)`."""
_OLDER = re.compile(r"\$\{\s*(\w+)\s*\}")
"""Spark fills these in before it reads the statement, so they are no tokens.

Names with a dot or a colon in them, `${spark.x}` and `${env:X}`, are Spark's own.
"""
_ARGUMENT = "getArgument '(' <name:text> [',' <default:text>] ')'"
_CREATE = (
    "CREATE WIDGET (TEXT|{kind DROPDOWN|COMBOBOX|MULTISELECT}) <name:part> DEFAULT <default:text>"
)


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
    found = tokens(statement)
    if created := matched(_CREATE, found):
        _create(created, statement, widgets, sql)
        return None
    removed = matched("REMOVE WIDGET <part>", found)
    if removed and removed.is_all:
        widgets.remove(removed.value("part"))
        return None
    known = widgets._all()  # noqa: SLF001 - to read all is not what the cell does
    edits = [*_arguments(found, widgets)]
    taken = [range(edit.start, edit.end) for edit in edits]
    edits += (
        Edit(old.start(), old.end(), widgets.get(old[1]))
        for old in _OLDER.finditer(statement)
        if old[1] in known and not any(old.start() in each for each in taken)
    )
    text = edited(statement, edits)
    marked = dict.fromkeys(each.name for each in markers(tokens(text)) if each.name)
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
        raise InputWidgetNotDefined(
            f"The SQL asks for :{name}, and no input widget named {name} is "
            f"defined{hint(name, known)}"
        ) from error


def _create(created: Found, statement: str, widgets: Widgets, sql: RunSql) -> None:
    name, default = created.value("name"), created.value("default")
    if "kind" not in created:
        widgets.text(name, default)
        return
    choices = matched("CHOICES", created.tokens, created.end)
    query = statement[choices.tokens[choices.end - 1].end :] if choices else ""
    rows = sql(query.strip(), args=None).collect() if query else ()
    answers = [str(row[0]) for row in rows if row[0] is not None]
    getattr(widgets, created.value("kind").lower())(name, default, answers)


def _arguments(found: Sequence[Token], widgets: Widgets) -> Iterator[Edit]:
    for at in range(len(found)):
        call = matched(_ARGUMENT, found, at)
        if call is not None:
            default = call.value("default") if "default" in call else None
            value = widgets.getArgument(call.value("name"), default)
            yield Edit(found[at].start, found[call.end - 1].end, literal(value))
