"""Persistent functions by three-level names: Spark keeps functions in its own catalog only.

A statement that fails for such a name is run once more with the name that the function has there.
"""

from __future__ import annotations

import re
import typing

from nbkit.spark.catalogs import session_name, whole_name

if typing.TYPE_CHECKING:
    from pyspark.errors import AnalysisException
    from pyspark.sql import SparkSession

_UNABLE = "MISSING_CATALOG_ABILITY."
_UNKNOWN = "UNRESOLVED_ROUTINE"
_PART = r"(?:`(?:[^`]|``)+`|\w+)"
_STATEMENT = re.compile(
    r"(?P<head>\s*(?:CREATE(?:\s+OR\s+REPLACE)?|DROP)\s+FUNCTION\s+"
    rf"(?:IF\s+(?:NOT\s+)?EXISTS\s+)?)(?P<name>{_PART}(?:\.{_PART}){{0,2}})",
    re.IGNORECASE,
)
_LITERAL = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""


def in_own_catalog(error: AnalysisException, statement: str, spark: SparkSession) -> str | None:
    """Return a statement with a function's other name; None if that is not what is wrong.

    Args:
        error: what the statement has led to.
        statement: SQL text.
        spark: the session that it was for.
    """
    condition = error.getCondition() or ""
    if condition in {f"{_UNABLE}CREATE_FUNCTION", f"{_UNABLE}DROP_FUNCTION"}:
        found = _STATEMENT.match(statement)
        own = _own(found["name"], spark) if found else ""
        if found is None or not own:
            return None
        schema = own.rpartition(".")[0]
        if schema.endswith("__default`"):  # every catalog has it, before anything is in it
            spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        return f"{found['head']}{own}{statement[found.end() :]}"
    if condition != _UNKNOWN:
        return None
    name = (error.getMessageParameters() or {}).get("routineName", "")
    own = _own(name, spark)
    there = own and spark.catalog.functionExists(own.replace("`", ""))
    return _called(statement, name, own) if there else None


def _own(name: str, spark: SparkSession) -> str:
    """Return a function's name in the session's own catalog; nothing if it has that already."""
    whole = whole_name(name, spark)
    own = session_name(whole, spark.conf.getAll)
    return f"spark_catalog.{own}" if own != whole else ""


def _called(statement: str, name: str, own: str) -> str | None:
    """Return a statement that calls a function by another name; texts in it stay as they are."""
    parts = [re.escape(part) for part in re.findall(r"`((?:[^`]|``)+)`", name)]
    spelled = r"\s*\.\s*".join(rf"`?{part}`?" for part in parts)
    pattern = rf"(?P<text>{_LITERAL})|(?<![\w.`]){spelled}(?=\s*\()"
    changed = re.sub(pattern, lambda found: found["text"] or own, statement, flags=re.IGNORECASE)
    return changed if changed != statement else None
