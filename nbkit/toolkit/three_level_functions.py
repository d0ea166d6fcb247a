"""Persistent functions by three-level names: Spark keeps functions in its own catalog only.

A statement that fails for such a name is run once more with the name that the function has there.
"""

from __future__ import annotations

import re
import typing

from nbkit.spark.catalogs import session_name

if typing.TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.errors import AnalysisException

_UNABLE = "MISSING_CATALOG_ABILITY."
_UNKNOWN = "UNRESOLVED_ROUTINE"
_PART = r"(?:`(?:[^`]|``)+`|\w+)"
_STATEMENT = re.compile(
    r"(?P<head>\s*(?:CREATE(?:\s+OR\s+REPLACE)?|DROP)\s+FUNCTION\s+"
    rf"(?:IF\s+(?:NOT\s+)?EXISTS\s+)?)(?P<name>{_PART}\.{_PART}\.{_PART})",
    re.IGNORECASE,
)
_LITERAL = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""


def in_own_catalog(
    error: AnalysisException, statement: str, conf: Mapping[str, str | None]
) -> str | None:
    """Return a statement with a function's other name; None if that is not what is wrong.

    Args:
        error: what the statement has led to.
        statement: SQL text.
        conf: settings of the session.
    """
    condition = error.getCondition() or ""
    if condition in {f"{_UNABLE}CREATE_FUNCTION", f"{_UNABLE}DROP_FUNCTION"}:
        found = _STATEMENT.match(statement)
        own = session_name(found["name"], conf) if found else ""
        if found is None or own == found["name"]:
            return None
        return f"{found['head']}{own}{statement[found.end() :]}"
    if condition != _UNKNOWN:
        return None
    name = (error.getMessageParameters() or {}).get("routineName", "")
    own = session_name(name, conf)
    return _called(statement, name, own) if own != name else None


def _called(statement: str, name: str, own: str) -> str | None:
    """Return a statement that calls a function by another name; texts in it stay as they are."""
    parts = [re.escape(part) for part in re.findall(r"`((?:[^`]|``)+)`", name)]
    spelled = r"\s*\.\s*".join(rf"`?{part}`?" for part in parts)
    pattern = rf"(?P<text>{_LITERAL})|(?<![\w.`]){spelled}(?=\s*\()"
    changed = re.sub(pattern, lambda found: found["text"] or own, statement, flags=re.IGNORECASE)
    return changed if changed != statement else None
