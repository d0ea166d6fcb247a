"""SQL that Databricks' parser knows and Spark's does not, in Spark's words."""

from __future__ import annotations

import re

NO_CODE = r"""'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | --[^\n]* | /\*.*?\*/"""
"""Texts and comments, for patterns that are verbose and whose dot is anything."""

_VERSION = re.compile(
    rf"""(?P<name>(?:\w|`(?:[^`]|``)+`)(?:[\w.]|`(?:[^`]|``)+`)*)
      @(?:v(?P<version>\d+)|(?P<time>\d{{17}}))\b
    | {NO_CODE}""",
    re.DOTALL | re.VERBOSE | re.IGNORECASE,
)
_IMMEDIATE = re.compile(
    r"\s*EXECUTE\s+IMMEDIATE\s+(?P<text>(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[\w.`|\s])+)",
    re.IGNORECASE | re.DOTALL,
)
_USES_MORE = re.compile(r"\b(?:INTO|USING)\b", re.IGNORECASE)
_CLUSTERED = re.compile(
    rf"{NO_CODE} | (?P<clause>\bCLUSTER\s+BY\s+AUTO\b)", re.DOTALL | re.VERBOSE | re.IGNORECASE
)
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})")


_PART = r"(?:`(?:[^`]|``)+`|\w+)"
_KEY = re.compile(
    rf"""(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | ,\s*(?:CONSTRAINT\s+{_PART}\s+)?(?:PRIMARY|FOREIGN)\s+KEY\s*\([^)]*\)
      (?:\s*REFERENCES\s+{_PART}(?:\.{_PART})*(?:\s*\([^)]*\))?)?
      (?:\s+(?:NOT\s+ENFORCED|RELY|NORELY|DEFERRABLE|INITIALLY\s+DEFERRED|MATCH\s+FULL
        |ON\s+(?:UPDATE|DELETE)\s+NO\s+ACTION))*
    | \s+(?:CONSTRAINT\s+{_PART}\s+)?PRIMARY\s+KEY\b(?!\s*\()(?:\s+(?:RELY|NORELY|NOT\s+ENFORCED))*
    | \s+(?:CONSTRAINT\s+{_PART}\s+)?(?:FOREIGN\s+KEY\s+)?REFERENCES\s+{_PART}(?:\.{_PART})*
      (?:\s*\([^)]*\))?""",
    re.IGNORECASE | re.VERBOSE,
)


def without_keys(statement: str) -> str:
    """Return a `CREATE TABLE` without primary and foreign keys, of columns and of the table."""
    return _KEY.sub(lambda found: found["text"] or "", statement)


def in_sparks_words(statement: str) -> str:
    """Return a statement with `t@v1`, `t@20130101…` and `CLUSTER BY AUTO` as Spark has them.

    Nothing chooses columns to cluster by here, so that clause is left out.
    """

    def spelled(found: re.Match[str]) -> str:
        if found["version"]:
            return f"{found['name']} VERSION AS OF {found['version']}"
        if found["time"]:
            time = _TIME.sub(r"\1-\2-\3 \4:\5:\6.\7", found["time"])
            return f"{found['name']} TIMESTAMP AS OF '{time}'"
        return found[0]

    statement = _CLUSTERED.sub(lambda it: "" if it["clause"] else it[0], statement)
    return _VERSION.sub(spelled, statement) if "@" in statement else statement


def immediate(statement: str) -> str:
    """Return the expression of `EXECUTE IMMEDIATE`, if there is nothing else; else nothing.

    What it makes may be a statement that Spark does not know, which only its own text tells.
    """
    found = _IMMEDIATE.fullmatch(statement.strip().rstrip(";"))
    expression = found["text"].strip() if found else ""
    return "" if _USES_MORE.search(re.sub(r"'[^']*'|\"[^\"]*\"", "", expression)) else expression
