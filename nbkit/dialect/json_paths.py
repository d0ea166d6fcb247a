"""`column:path.to[0]` of JSON texts, which Databricks reads and Spark knows of variants only."""

from __future__ import annotations

import re

from nbkit.dialect.databricks_syntax import NO_CODE
from nbkit.dialect.sql_text import literal, quoted_part

_NAME = r"(?:[^\W\d]\w*|`(?:[^`]|``)+`)"
_STEP = r"\[[^\]]+\]"
_PATH = re.compile(
    rf"""{NO_CODE}
    | \b(?:STRUCT|MAP|ARRAY)\s*<(?:[^<>]|<(?:[^<>]|<[^<>]*>)*>)*>
    | (?P<column>{_NAME}(?:\.{_NAME})*):(?P<path>(?:{_NAME}|{_STEP})(?:\.{_NAME}|{_STEP})*)
      (?P<cast>\s*::\s*\w+(?:\s*\([\d,\s]*\))?)?""",
    re.DOTALL | re.VERBOSE | re.IGNORECASE,
)
_QUOTED = re.compile(r"\.?`((?:[^`]|``)+)`")
_LAST_NAME = re.compile(r"([^\W\d]\w*)$|`([^`]+)`$|\['([^']+)'\]$|\[\"([^\"]+)\"\]$")
_INNER = re.compile(r"\([^()]*\)")
_BEFORE_ITEM = re.compile(r"(?:\bSELECT(?:\s+(?:ALL|DISTINCT))?|,)\s*$", re.IGNORECASE)
_AFTER_ITEM = re.compile(r"\s*(?:,|\)|;|$|\bFROM\b)", re.IGNORECASE)
_CLAUSE = re.compile(r"\b(SELECT|FROM|WHERE|BY|ON|HAVING|VALUES|USING|SET)\b", re.IGNORECASE)


def with_json_functions(statement: str) -> str:
    """Return a statement with calls of `get_json_object` instead of such paths.

    A column that is nothing but a path has the name of its last part, as on Databricks.
    """

    def call(found: re.Match[str]) -> str:
        if not found["column"]:
            return found[0]
        path = _QUOTED.sub(r"['\1']", found["path"]).replace('"', "'")
        path = f"${path}" if path.startswith("[") else f"$.{path}"
        made = f"get_json_object({found['column']}, {literal(path)}){found['cast'] or ''}"
        last = _LAST_NAME.search(found["path"])
        if last is None or not _is_column(statement, found.start(), found.end()):
            return made
        return f"{made} AS {quoted_part(next(filter(None, last.groups())))}"

    return _PATH.sub(call, statement)


def _is_column(statement: str, start: int, end: int) -> bool:
    """Say whether what stands between two places is a whole column of a `SELECT`."""
    before = statement[:start]
    while (less := _INNER.sub("", before)) != before:
        before = less
    clauses = _CLAUSE.findall(before.rpartition("(")[2])
    in_list = bool(clauses) and clauses[-1].upper() == "SELECT"
    return bool(in_list and _BEFORE_ITEM.search(before) and _AFTER_ITEM.match(statement, end))
