"""What of Databricks' SQL neither Spark 4.2 nor Delta has, and a sentence on what to do instead."""

from __future__ import annotations

import typing

from nbkit.dialect.grammar import matched
from nbkit.dialect.splitter import inner_statements
from nbkit.dialect.tokens import starts

if typing.TYPE_CHECKING:
    from collections.abc import Sequence

    from nbkit.dialect.tokens import Token

_PROCEDURES = (
    "Spark 4.2 has no SQL procedures of one's own; a script (BEGIN … END) or a notebook that "
    "dbutils.notebook.run calls does the same"
)
_PIPELINES = (
    "a pipeline makes what is refreshed: put the statement into a .sql file that a pipeline names "
    "as a source, and `nbkit pipeline run`"
)
_FUNCTIONS = (
    "Spark 4.2 keeps no functions in Python: spark.udf.register makes one for a session, and a "
    "notebook that does so can be called by %run"
)
_STATEMENTS = {
    "(CREATE [OR REPLACE]|DROP|SHOW|DESC|DESCRIBE) (PROCEDURE|PROCEDURES)": _PROCEDURES,
    "CALL": _PROCEDURES,
    "CREATE [OR (REPLACE|REFRESH)] [PRIVATE] (STREAMING|LIVE|MATERIALIZED)": _PIPELINES,
    "(CREATE FLOW|APPLY CHANGES|AUTO CDC|REFRESH (MATERIALIZED VIEW|STREAMING TABLE))": _PIPELINES,
    "CREATE [OR REPLACE] (TEMP|TEMPORARY) TABLE": (
        "Spark 4.2 has no temporary tables; CREATE TEMPORARY VIEW … AS, or df.cache() of its rows"
    ),
    "DROP (TEMP|TEMPORARY) TABLE": "Spark 4.2 has no temporary tables; DROP VIEW drops a view",
    "BEGIN (TRANSACTION|ATOMIC)": (
        "Delta commits each statement by itself; there are no transactions of several here"
    ),
    "(SIGNAL|RESIGNAL)": (
        "Spark 4.2 signals no condition of one's own; SELECT raise_error('…') fails with a text"
    ),
    "GET DIAGNOSTICS": "Spark 4.2 tells a handler nothing of the condition that it handles",
    "INSERT INTO [TABLE] <name> [<list>] REPLACE (USING|ON)": (
        "Delta here does not replace the rows that match; MERGE INTO, or REPLACE WHERE, does"
    ),
    "SHOW TABLES DROPPED": "what is dropped here is gone, and nothing keeps a list of it",
    "UNDROP": (
        "what is dropped here is gone: there is no UNDROP; RESTORE TABLE brings back a version of "
        "a table that is there"
    ),
    "LIST <text>": "Spark lists no files in SQL; dbutils.fs.ls or %fs ls does",
}
"""How a statement begins, and what to do instead."""

_CONDITIONS = {"MISSING_CATALOG_ABILITY.PROCEDURES", "UNSUPPORTED_FEATURE.TABLE_OPERATION"}
_COLLATIONS = (
    "Delta here keeps no collation of a column; leave COLLATE out of it, and compare with "
    "collate(column, 'UTF8_LCASE')"
)
_OF_DATABRICKS = {
    "ai_": "a service of Databricks' models, which is not here",
    "h3_": "a function of Databricks alone",
    "vector_search": "a service of Databricks, which is not here",
    "remote_query": "a service of Databricks, which is not here",
    "http_request": "a service of Databricks, which is not here",
    "event_log": "a function of Databricks alone; `nbkit pipeline events` tells what happened",
    "cloud_files_state": "a function of Databricks alone",
    "current_metastore": (
        "the id of a metastore of Unity Catalog, which is not here; current_catalog() tells "
        "the catalog in use"
    ),
    "current_recipient": "a matter of Delta Sharing between Databricks' customers",
    "is_account_group_member": "a matter of permissions, of which there are none here",
    "is_member": "a matter of permissions, of which there are none here",
}
"""How the names of functions begin that only Databricks has, and what they are."""


def advice(error: typing.Any, found: Sequence[Token]) -> str:
    """Return what to do instead of a statement that Spark refused; empty for others.

    Args:
        error: what Spark said, an `AnalysisException`.
        found: the statement's tokens.
    """
    from pyspark.errors import ParseException

    condition = error.getCondition() or ""
    if condition == "DELTA_UNSUPPORTED_DATA_TYPES" and any(t.upper == "COLLATE" for t in found):
        return _COLLATIONS
    if not isinstance(error, ParseException) and condition not in _CONDITIONS:
        return ""
    if matched("CREATE [OR REPLACE] FUNCTION", found) and any(
        starts(found, at, "LANGUAGE", "PYTHON") for at in range(len(found))
    ):
        return _FUNCTIONS
    pieces = [found, *inner_statements(found)]
    told = (text for shape, text in _STATEMENTS.items() for each in pieces if matched(shape, each))
    return next(told, "")


def of_routine(error: typing.Any) -> str:
    """Return what a function is that only Databricks has; empty for other errors."""
    condition = getattr(error, "getCondition", lambda: None)()
    if condition not in {"UNRESOLVED_ROUTINE", "UNRESOLVABLE_TABLE_VALUED_FUNCTION"}:
        return ""
    parameters = error.getMessageParameters() or {}
    name = (parameters.get("routineName") or parameters.get("name") or "").strip("`").lower()
    what = next((text for start, text in _OF_DATABRICKS.items() if name.startswith(start)), "")
    return f"nbkit: {name} is {what}." if what else ""
