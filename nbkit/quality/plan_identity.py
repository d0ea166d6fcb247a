"""What a DataFrame would write, as one short text: its plan, and the versions of what it reads.

Two DataFrames of one identity write the same rows. Where that cannot be told (people's own code,
a source that says nothing of its state, Spark Connect), there is none: who asks must then take
every write for a new one. Plans are compared as trees, never as printed text.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from nbkit.quality.naming import quoted
from nbkit.toolkit.session import is_classic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame

_DELTA = "org.apache.spark.sql.delta.files.TahoeLogFileIndex"
_CODE = ("PYTHON_UDF", "SCALA_UDF", "PLAN_EXPRESSION")
_TOLD = {"Range", "OneRowRelation"}
"""Leaves of which the tree says everything."""
_ROWS = {"LogicalRDD", "LocalRelation"}
_SEEDED = {"Rand", "Randn", "Uuid", "Shuffle", "RandStr", "Uniform"}
_MOST_FILES = 200
"""Of so many files, it is also asked when they were changed."""


class _UntoldError(Exception):
    """A part of the plan does not say what it is."""


def identity(df: DataFrame) -> str | None:
    """Return what a batch DataFrame would write; None where that cannot be told."""
    from py4j.protocol import Py4JError

    if df.isStreaming or not is_classic(df.sparkSession):
        return None
    plan = df._jdf.queryExecution().analyzed()  # noqa: SLF001 - PySpark has no other way
    patterns = df.sparkSession._jvm.org.apache.spark.sql.catalyst.trees.TreePattern  # noqa: SLF001
    try:
        if any(plan.containsPattern(getattr(patterns, name)()) for name in _CODE):
            return None
        tree = _renumbered(json.loads(plan.toJSON()), {})
        parts = [tree, [_leaf(leaf, df) for leaf in _leaves(plan)]]
    except (Py4JError, TypeError, _UntoldError):
        return None
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _renumbered(tree: Any, known: dict[Any, int]) -> Any:
    """Return a tree of JSON with its expressions numbered in order, and chance without its seed."""
    if isinstance(tree, list):
        found = [_renumbered(each, known) for each in tree]
        for place, each in enumerate(found):
            if isinstance(each, dict) and str(each.get("class")).rsplit(".", 1)[-1] in _SEEDED:
                each.pop("randomSeed", None)
                if place + 1 < len(found) and isinstance(found[place + 1], dict):
                    found[place + 1].pop("value", None)
        return found
    if not isinstance(tree, dict):
        return tree
    if str(tree.get("product-class")).endswith(".ExprId"):
        return known.setdefault((tree.get("id"), tree.get("jvmId")), len(known))
    return {
        name: _renumbered(value, known)
        for name, value in tree.items()
        if name not in {"createTime", "lastAccessTime", "stats"}
    }


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
    texts = []
    for field in rows.schema:
        kind = field.dataType.simpleString()
        nested = any(each in kind for each in ("map<", "variant", "interval"))
        texts.append(f"to_json(struct({quoted(field.name)}))" if nested else quoted(field.name))
    hashed = f"sum(cast(xxhash64({', '.join(texts)}) as decimal(38, 0)))" if texts else "0"
    [[count, summed]] = rows.selectExpr("count(1)", hashed).collect()
    return [str(count), str(summed)]
