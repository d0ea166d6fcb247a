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
_READ_AT = re.compile(r"\baccess_time=\d+")
"""Of a file: reading it is no change."""
_HARMLESS = {"CTERelationRef", "LocalRelation", "OneRowRelation", "Range"}


def plan_text(frame: DataFrame) -> str:
    """Return a query's resolved plan with nothing left out."""
    plan = frame._jdf.queryExecution().analyzed()  # noqa: SLF001 - PySpark has no other way
    return str(plan.treeString(True, False, _EVERYTHING, False, False))


def outside(frame: DataFrame) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the Delta tables and files that a query reads, with versions, and what else it reads.

    The version of files is what their folder tells: names, sizes and times. Stand-ins are empty
    and tell nothing. What else it reads are words for people: then nobody can know whether a later
    run would give the same rows.
    """
    plan = frame._jdf.queryExecution().analyzed()  # noqa: SLF001
    tables: dict[str, str] = {}
    unknown: dict[str, None] = {}
    for leaf in leaves(plan):
        kind = java_class(leaf)
        if kind in _HARMLESS:
            continue
        version = read_by(leaf)
        if version is None:
            unknown.setdefault(f"it reads {_shown(leaf, kind)}")
        elif delta_files(leaf) is not None and _shows_files(leaf):
            tables[f"{version[0]}@{version[1]}"] = version[1]  # no two versions are alike then
        else:
            tables.update([version])
    return tables, tuple(unknown)


def leaves(plan: Any) -> Iterator[Any]:
    """Yield the leaves of a plan, and of its subqueries."""
    yield from sequence(plan.collectLeaves())
    for inner in sequence(plan.subqueriesAll()):
        yield from sequence(inner.collectLeaves())


def delta_files(leaf: Any) -> Any:
    """Return Delta's index of the files of a leaf; None if it is no Delta table."""
    if java_class(leaf) != "LogicalRelation" or not _has_files(leaf.relation()):
        return None
    location = leaf.relation().location()
    return location if java_class(location).startswith("TahoeLogFileIndex") else None


def _shows_files(leaf: Any) -> bool:
    """Say whether a leaf tells of its rows in which files they lie, as OPTIMIZE changes it."""
    columns = leaf.output()
    return bool(columns.size()) and str(columns.last().name()).startswith("_metadata")


def _has_files(relation: Any) -> bool:
    """Say whether a relation is one of files; Delta's is a nameless class of its own below it."""
    kind = relation.getClass()
    kinds = {kind.getSimpleName(), kind.getSuperclass().getSimpleName()}
    return "HadoopFsRelation" in kinds


def version_of(snapshot: Any) -> str:
    """Return identity and version of a table, as one text."""
    return f"{snapshot.metadata().id()}:{snapshot.version()}"


def read_by(leaf: Any) -> tuple[str, str] | None:
    """Return where the files of a leaf are, and their version; None where there is none."""
    if java_class(leaf) != "LogicalRelation":
        return None
    relation = leaf.relation()
    if not _has_files(relation):
        return None
    location = relation.location()
    kind = java_class(location)
    if kind.startswith("TahoeLogFileIndex"):
        version, path = version_of(location.snapshotAtAnalysis()), str(location.path())
        return (f"{path}@{version}" if location.isTimeTravelQuery() else path), version
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
        if _has_files(leaf.relation()):
            return "files"
    if kind == "LogicalRDD":
        return "rows made in Python"
    return f"a {kind}"
