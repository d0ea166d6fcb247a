"""What a query means, as one text: the same as long as it gives the same rows from its sources.

Spark's resolved plan is read in the JVM, operator by operator, with exact literals and types, all
options of readers, and the settings that Spark itself keeps with a view (`PlanIdentity.java`).
What is not understood there is told; then nobody knows whether two queries mean the same.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.metadata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_FORMAT = 2
"""What a digest is made of; another way to make it is another number."""

_NO_CLASSES = "without nbkit's Java classes nobody knows whether its query has changed"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a query means.

    Attributes:
        digest: of its plan; empty where it cannot be read.
        unknown: what may make it give other rows the next time, in words for people.
        collated: whether there is text in it of which different values may be equal.
    """

    digest: str
    unknown: tuple[str, ...] = ()
    collated: bool = False

    def with_more(self, *more: object) -> str:
        """Return a digest of the query with whatever else is part of a definition."""
        return _hashed(_FORMAT, *_versions(), self.digest, *more)


def identity_of(frame: DataFrame) -> Identity:
    """Return what a query means: its plan, the functions in it, and the settings of its session."""
    jvm: Any = frame.sparkSession._jvm  # noqa: SLF001 - PySpark has no other way
    plan = frame._jdf.queryExecution().analyzed()  # noqa: SLF001
    try:
        told = jvm.nbkit.PlanIdentity.of(plan, frame.sparkSession._jsparkSession)  # noqa: SLF001
    except TypeError:  # py4j takes a class that is not there for a package
        return Identity("", (_NO_CLASSES,))
    return understood(told)


def understood(told: str) -> Identity:
    """Return what `PlanIdentity` has told of a plan."""
    found: dict[str, list[str]] = {}
    for line in told.splitlines():
        kind, _, value = line.partition("\t")
        found.setdefault(kind, []).append(value)
    functions = [base64.b64decode(each) for each in found.get("python", ())]
    unknown = [f"it calls {name}()" for name in found.get("varies", ())]
    unknown += ["it calls Python functions"] if functions else []
    unknown += [f"it has what nbkit cannot compare: {name}" for name in found.get("unknown", ())]
    digest = _hashed(*found["digest"], *functions)
    return Identity(digest, tuple(unknown), "collated" in found)


def _hashed(*parts: object) -> str:
    digest = hashlib.sha256()
    for part in parts:
        text = part if isinstance(part, bytes) else repr(part).encode()
        digest.update(b"%d:" % len(text) + text)
    return digest.hexdigest()[:32]


@functools.cache
def _versions() -> tuple[str, ...]:
    """Return the versions of what computes rows: another one may compute others."""
    return tuple(importlib.metadata.version(name) for name in ("pyspark", "delta-spark"))
