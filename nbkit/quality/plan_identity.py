"""What a DataFrame would write, as one short text: its plan, and the versions of what it reads.

Two DataFrames of one identity write the same rows. Where that cannot be told (people's own code,
a source that says nothing of its state, Spark Connect), there is none: who asks must then take
every write for a new one. Plans are compared as `PlanIdentity.java` reads them, value by value.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from nbkit.quality.same_rows import summed_up
from nbkit.toolkit.session import is_classic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame

_DELTA = "org.apache.spark.sql.delta.files.TahoeLogFileIndex"
_CODE = ("PYTHON_UDF", "SCALA_UDF", "PLAN_EXPRESSION")
_TOLD = {"Range", "OneRowRelation"}
"""Leaves of which the tree says everything."""
_ROWS = {"LogicalRDD", "LocalRelation"}
_MOST_FILES = 200
"""Of so many files, it is also asked when they were changed."""


class _UntoldError(Exception):
    """A part of the plan does not say what it is."""


def identity(df: DataFrame) -> str | None:
    """Return what a batch DataFrame would write; None where that cannot be told."""
    from py4j.protocol import Py4JError

    if df.isStreaming or not is_classic(df.sparkSession):
        return None
    jvm: Any = df.sparkSession._jvm  # noqa: SLF001 - PySpark has no other way
    plan = df._jdf.queryExecution().analyzed()  # noqa: SLF001
    patterns = jvm.org.apache.spark.sql.catalyst.trees.TreePattern
    try:
        if any(plan.containsPattern(getattr(patterns, name)()) for name in _CODE):
            return None
        told = jvm.nbkit.PlanIdentity.unseeded(plan, df.sparkSession._jsparkSession)  # noqa: SLF001
        parts = [_digest_of(told), [_leaf(leaf, df) for leaf in _leaves(plan)]]
    except (Py4JError, TypeError, _UntoldError):  # TypeError: nbkit's Java classes are not there
        return None
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _digest_of(told: str) -> str:
    """Return the digest of a plan in which everything is understood."""
    found = [line.partition("\t") for line in told.splitlines()]
    if any(kind in {"python", "unknown"} for kind, _, _ in found):
        raise _UntoldError
    return next(value for kind, _, value in found if kind == "digest")


def _leaves(plan: Any) -> Iterator[Any]:
    children = plan.children()
    if not children.size():
        yield plan
    for place in range(children.size()):
        yield from _leaves(children.apply(place))


def _leaf(plan: Any, df: DataFrame) -> Any:
    """Return what a leaf of a plan reads, and in which state that is."""
    name = plan.nodeName()
    if plan.getClass().getSimpleName() in _TOLD:
        return name
    if plan.getClass().getSimpleName() in _ROWS:
        return _content(plan, df)
    if not plan.getClass().getName().endswith(".LogicalRelation"):
        raise _UntoldError
    relation = plan.relation()
    files = relation.location()  # none of a relation that is not over files: a Py4JError
    if files.getClass().getName() == _DELTA:
        snapshot = files.getSnapshot()
        return [str(snapshot.metadata().id()), int(snapshot.version())]
    return [str(relation.options().toString()), *_files(files)]


def _files(files: Any) -> list[Any]:
    names = sorted(files.inputFiles())
    found: list[Any] = [int(files.sizeInBytes()), *names]
    if len(names) <= _MOST_FILES:
        known = files.allFiles()
        found += sorted(
            [str(each.getPath().toString()), int(each.getModificationTime())]
            for each in (known.apply(place) for place in range(known.size()))
        )
    return found


def _content(plan: Any, df: DataFrame) -> list[str]:
    """Return how many rows there are, and the sum of their hashes: they have no other name."""
    spark = df.sparkSession
    java = spark._jvm.org.apache.spark.sql.classic.Dataset.ofRows  # noqa: SLF001
    rows = type(df)(java(spark._jsparkSession, plan), spark)  # noqa: SLF001
    count, summed = summed_up(rows)
    return [str(count), str(summed)]
