"""What a resolved query depends on: read from Spark's plan of it."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from nbkit.pipelines.scala import java_class, option, sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame

_EVERYTHING = 2**31 - 1
_IDS = re.compile(r"#\d+|@[0-9a-f]{5,}|__nbkit_\d+|(?<=CTERelationDef) \d+|(?<=CTERelationRef) \d+")
_VARYING = re.compile(
    r"\b(rand|randn|uuid|shuffle|current_timestamp|current_date|current_time|now|localtimestamp"
    r"|input_file_name|monotonically_increasing_id|spark_partition_id|current_user|session_user)\("
)
_PYTHON = re.compile(
    r"\b(MapInPandas|MapInArrow|FlatMap\w*|PythonUDTF|PythonMap\w*|Aggregate\w*Py)"
)
_READ_AT = re.compile(r"\baccess_time=\d+")
"""Of a file: reading it is no change."""
_HARMLESS = {"CTERelationRef", "LocalRelation", "OneRowRelation", "Range"}


def definition(frame: DataFrame, *more: object) -> str:
    """Return a digest of what a query means: its resolved plan, and whatever else is given.

    Names that Spark makes up anew for each plan are numbered by their first mention.
    """
    numbers: dict[str, str] = {}
    text = _IDS.sub(lambda id_: numbers.setdefault(id_[0], f"~{len(numbers)}"), plan_text(frame))
    return hashlib.sha256("\n".join([text, *map(repr, more)]).encode()).hexdigest()[:32]


def plan_text(frame: DataFrame) -> str:
    """Return a query's resolved plan with nothing left out."""
    plan = frame._jdf.queryExecution().analyzed()  # noqa: SLF001 - PySpark has no other way
    text = str(plan.treeString(True, False, _EVERYTHING, False, False))
    rows = [str(option_rows(leaf)) for leaf in _leaves(plan) if java_class(leaf) == "LocalRelation"]
    return "\n".join([text, *(row for row in rows if row != "List()")])


def option_rows(leaf: Any) -> str:
    """Return the rows that stand in a query itself, as text."""
    return str(leaf.data().toString())


def outside(frame: DataFrame) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the Delta tables and files that a query reads, with versions, and what else it reads.

    The version of files is what their folder tells: names, sizes and times. Stand-ins are empty
    and tell nothing. What else it reads are words for people: then nobody can know whether a later
    run would give the same rows.
    """
    plan = frame._jdf.queryExecution().analyzed()  # noqa: SLF001
    tables: dict[str, str] = {}
    unknown: dict[str, None] = {}
    text = str(plan.treeString(True, False, _EVERYTHING, False, False))
    for found in _VARYING.finditer(text):
        unknown.setdefault(f"it calls {found[1]}()")
    if _PYTHON.search(text) or _calls_python(frame, plan):
        unknown.setdefault("it calls Python functions")
    for leaf in _leaves(plan):
        kind = java_class(leaf)
        if kind in _HARMLESS:
            continue
        version = _version(leaf) if kind == "LogicalRelation" else None
        if version is None:
            unknown.setdefault(f"it reads {_shown(leaf, kind)}")
        else:
            tables.update([version])
    return tables, tuple(unknown)


def _calls_python(frame: DataFrame, plan: Any) -> bool:
    patterns = frame.sparkSession._jvm.org.apache.spark.sql.catalyst.trees.TreePattern  # noqa: SLF001
    return bool(plan.containsPattern(patterns.PYTHON_UDF()))


def _leaves(plan: Any) -> Iterator[Any]:
    yield from sequence(plan.collectLeaves())
    for inner in sequence(plan.subqueriesAll()):
        yield from sequence(inner.collectLeaves())


def version_of(snapshot: Any) -> str:
    """Return identity and version of a table, as one text."""
    return f"{snapshot.metadata().id()}:{snapshot.version()}"


def _version(leaf: Any) -> tuple[str, str] | None:
    """Return where files are, and their version; None where there is none."""
    relation = leaf.relation()
    if java_class(relation) != "HadoopFsRelation":
        return None
    location = relation.location()
    kind = java_class(location)
    if kind.startswith("TahoeLogFileIndex"):
        return str(location.path()), version_of(location.snapshotAtAnalysis())
    if kind != "InMemoryFileIndex":
        return None
    files = _READ_AT.sub("", str(location.allFiles().mkString("\n"))).splitlines()
    told = hashlib.sha256("\n".join(sorted(files)).encode()).hexdigest()[:32]
    return str(location.rootPaths().mkString(", ")), told


def _shown(leaf: Any, kind: str) -> str:
    if kind == "LogicalRelation":
        table = option(leaf.catalogTable())
        if table is not None:
            return f"table {table.identifier().unquotedString()}, which is not Delta"
        if java_class(leaf.relation()) == "HadoopFsRelation":
            return "files"
    if kind == "LogicalRDD":
        return "rows made in Python"
    return f"a {kind}"
