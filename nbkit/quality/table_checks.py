"""Checks of a whole table: what they are made of. Pure values; the ready-made ones use them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from nbkit.errors import DefinitionError, Problem
from nbkit.near import hint
from nbkit.quality.outcome import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyspark.sql import DataFrame

    from nbkit.quality.naming import Named

TableAction = Literal["warn", "fail"]
TABLE_ACTIONS: tuple[TableAction, ...] = get_args(TableAction)


@dataclass(frozen=True, slots=True)
class TableVerdict:
    """What a check found.

    Attributes:
        ok: whether it held.
        observed: what was measured, for a person.
        passed, failed: rows, for a check that counts them; else 1 and 0, or 0 and 1.
        sample: some rows that fail, as objects of JSON.
        details: what later runs compare with, as JSON; empty for nothing.
    """

    ok: bool
    observed: str
    passed: int = 0
    failed: int = 0
    sample: tuple[dict[str, Any], ...] = ()
    details: str = ""


@dataclass(frozen=True, slots=True)
class TableCheck:
    """What a whole table is expected to be like.

    Attributes:
        name: as people call it; unique among the checks on one table.
        rule: what it says, for a person.
        action: `warn` or `fail`.
        threshold: share of rows that may fail, for checks that count rows.
    """

    name: str
    rule: str
    action: TableAction = "warn"
    threshold: float = 0.0
    tags: tuple[str, ...] = field(default=(), compare=False, kw_only=True)

    def __post_init__(self) -> None:
        problems = []
        if not isinstance(self.name, str) or not self.name.strip():
            problems.append(Problem("name", "is empty"))
        if self.action not in TABLE_ACTIONS:
            why = f"{self.action!r} is nothing that can be done about a whole table"
            problems.append(Problem("action", why + hint(str(self.action), TABLE_ACTIONS)))
        if problems:
            raise DefinitionError(tuple(problems), f"check {self.name!r}")

    def result(self, verdict: TableVerdict) -> Result:
        """Return what became of the check."""
        counts = (verdict.passed, verdict.failed)
        if not any(counts):
            counts = (1, 0) if verdict.ok else (0, 1)
        return Result(
            self.name,
            self.rule,
            self.action,
            self.threshold,
            *counts,
            sample=verdict.sample,
            observed=verdict.observed,
            details=verdict.details,
        )


@dataclass(frozen=True, slots=True)
class Aggregate(TableCheck):
    """A check of a SQL aggregate over the rows that are kept, taken as they are written.

    Attributes:
        expression: makes the SQL of the aggregate, for the columns that are there.
        judge: what its value means: a number exactly as it is, a date, a time, or text.
    """

    expression: Callable[[Named], str] = field(kw_only=True, compare=False)
    judge: Callable[[Any], TableVerdict] = field(kw_only=True, compare=False)


@dataclass(frozen=True, slots=True)
class QueryCheck(TableCheck):
    """A check that looks at the rows that are kept with queries of its own.

    Attributes:
        query: takes the rows, and the `details` of earlier runs, the newest first.
    """

    query: Callable[[DataFrame, Sequence[str]], TableVerdict] = field(kw_only=True, compare=False)
