"""Persistent functions by three-level names: Spark keeps functions in its own catalog only.

A statement that fails for such a name is run once more with the name that the function has there.
"""

from __future__ import annotations

import typing

from nbkit.dialect.catalog_use import found
from nbkit.dialect.grammar import matched, name_parts
from nbkit.dialect.tokens import Edit, edited, tokens
from nbkit.spark.catalogs import session_name, whole_name
from nbkit.spark.session_settings import settings_of

if typing.TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.errors import AnalysisException
    from pyspark.sql import SparkSession

_UNABLE = "MISSING_CATALOG_ABILITY."
_UNKNOWN = "UNRESOLVED_ROUTINE"
_UNABLE_TABLES = {f"{_UNABLE}TABLE_VALUED_FUNCTIONS", "UNRESOLVABLE_TABLE_VALUED_FUNCTION"}
_SHAPE = "(CREATE [OR REPLACE]|DROP) FUNCTION [IF NOT EXISTS|IF EXISTS] <name>"


def in_own_catalog(error: AnalysisException, statement: str, spark: SparkSession) -> str | None:
    """Return a statement with a function's other name; None if that is not what is wrong.

    Args:
        error: what the statement has led to.
        statement: SQL text.
        spark: the session that it was for.
    """
    condition = error.getCondition() or ""
    if condition in {f"{_UNABLE}CREATE_FUNCTION", f"{_UNABLE}DROP_FUNCTION"}:
        found = matched(_SHAPE, tokens(statement))
        if found is None:
            return None
        begin, end = found.span("name")
        own = _own(statement[begin:end], spark)
        if not own:
            return None
        schema = own.rpartition(".")[0]
        if schema.endswith("__default`"):  # every catalog has it, before anything is in it
            spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        return edited(statement, [Edit(begin, end, own)])
    if condition in _UNABLE_TABLES:
        return _tables_called(statement, spark)
    if condition != _UNKNOWN:
        return None
    name = (error.getMessageParameters() or {}).get("routineName", "")
    own = _own_function(name, spark)
    return _called(statement, {_parts(name): own}) if own else None


def _tables_called(statement: str, spark: SparkSession) -> str | None:
    """Return a statement that calls its functions that make tables by their own names."""
    cut = tokens(statement)
    called = (matched("<name> '('", cut, at) for at in range(len(cut)))
    names = {statement[slice(*one.span("name"))] for one in called if one}
    own = {_parts(name): _own_function(name, spark) for name in names}
    return _called(statement, {name: its for name, its in own.items() if its})


def _own_function(name: str, spark: SparkSession) -> str:
    """Return the name in the session's own catalog of a function that is there; else nothing."""
    own = _own(name, spark)
    return own if own and spark.catalog.functionExists(own.replace("`", "")) else ""


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.lower() for part in name_parts(tokens(name)))


def _own(name: str, spark: SparkSession) -> str:
    """Return a function's name in the session's own catalog; nothing if it has that already."""
    whole = whole_name(name, spark)
    if not found(name_parts(tokens(whole))[0], spark):
        return ""
    own = session_name(whole, settings_of(spark))
    return f"spark_catalog.{own}" if own != whole else ""


def _called(statement: str, names: Mapping[tuple[str, ...], str]) -> str | None:
    """Return a statement that calls functions by other names; None if it calls none of them."""
    found = tokens(statement)
    edits = []
    for at in range(len(found)):
        called = matched("<name> '('", found, at)
        if called is None or (at and found[at - 1].upper == "."):
            continue
        own = names.get(tuple(part.lower() for part in name_parts(called.of("name"))))
        if own:
            edits.append(Edit(*called.span("name"), own))
    return edited(statement, edits) if edits else None
