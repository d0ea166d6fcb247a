"""Checks that somebody asks for, by how they are measured."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nbkit.errors import DefinitionError, Problem
from nbkit.quality.binding import bound, figures
from nbkit.quality.expectation import Expectation, checked, repeated
from nbkit.quality.table_checks import Aggregate, QueryCheck, TableCheck, TableVerdict
from nbkit.quality.values import typed, typed_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyspark.sql import DataFrame

    from nbkit.quality.outcome import Outcome

Check = Expectation | TableCheck


@dataclass(frozen=True, slots=True)
class ByMeasure:
    """Checks by how they are measured.

    Attributes:
        names: of all of them, as they were given.
        expectations: counted row by row.
        aggregates: taken from the rows as they flow by.
        queries: those with queries of their own.
    """

    names: tuple[str, ...]
    expectations: tuple[Expectation, ...]
    aggregates: tuple[Aggregate, ...]
    queries: tuple[QueryCheck, ...]

    @classmethod
    def of(cls, checks: Iterable[Check]) -> ByMeasure:
        """Divide checks.

        Raises:
            DefinitionError: something is no check, or two have one name.
        """
        given = tuple(checks)
        expectations = checked(each for each in given if not isinstance(each, TableCheck))
        names = tuple(each.name for each in given)
        if problems := repeated(names):
            raise DefinitionError(tuple(problems), "checks")
        return cls(
            names,
            expectations,
            tuple(each for each in given if isinstance(each, Aggregate)),
            tuple(each for each in given if isinstance(each, QueryCheck)),
        )

    def on(self, df: DataFrame, dataset: str) -> ByMeasure:
        """Return the checks for these rows: what Spark cannot observe gets a query of its own.

        Raises:
            DefinitionError: some cannot be computed on them, with all such.
        """
        bound(df, self.expectations, dataset)
        texts = figures(df, self.aggregates, dataset)
        pairs = [*zip(self.aggregates, texts, strict=True)]
        observed = _observed(df, texts)
        more = [_query(each, text) for each, text in pairs if text not in observed]
        return replace(
            self,
            aggregates=tuple(each for each, text in pairs if text in observed),
            queries=(*self.queries, *more),
        )

    @property
    def fingerprint(self) -> str:
        """Return what makes these checks others than others."""
        rows = [(e.name, e.predicate, e.action, e.threshold, e.nulls) for e in self.expectations]
        whole = [(e.name, e.rule, e.action, e.threshold) for e in (*self.aggregates, *self.queries)]
        return json.dumps([rows, whole])

    @property
    def quarantines(self) -> bool:
        """Whether rows are to go elsewhere."""
        return any(each.action == "quarantine" for each in self.expectations)

    @property
    def gated(self) -> bool:
        """Whether something has to be known of all rows before any is written."""
        tolerant = any(each.action == "fail" and each.threshold for each in self.expectations)
        return tolerant or any(each.action == "fail" for each in (*self.aggregates, *self.queries))

    def require(self, df: DataFrame, table: str, quarantine: str, mode: str, once: str) -> None:
        """See to it that a write can do what is asked.

        Raises:
            DefinitionError: it cannot.
        """
        if df.isStreaming:
            why = "is a stream; write it with `quality.stream`"
            raise DefinitionError((Problem("df", why),), f"write to {table}")
        if self.quarantines and not quarantine:
            names = [each.name for each in self.expectations if each.action == "quarantine"]
            why = f"is not given, but {', '.join(names)} would put rows there"
            raise DefinitionError((Problem("quarantine", why),), f"write to {table}")
        if once and mode != "append":
            why = f"is for rows that are appended; with the mode {mode!r} a retry doubles nothing"
            raise DefinitionError((Problem("once", why),), f"write to {table}")
        if quarantine and quarantine.lower() == table.lower():
            why = f"is the table itself, {table}; quarantined rows need one of their own"
            raise DefinitionError((Problem("quarantine", why),), f"write to {table}")

    def ordered(self, outcome: Outcome) -> Outcome:
        """Return the outcome with the results in the order in which the checks were given."""
        results = sorted(outcome.results, key=lambda result: self.names.index(result.name))
        return replace(outcome, results=tuple(results))


def _observed(df: DataFrame, texts: Sequence[str]) -> set[str]:
    """Return the aggregates that Spark can observe; DISTINCT, for one, it cannot."""
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    found = set()
    for text in texts:
        try:
            _ = df.observe("nbkit", F.expr(typed_text(text)).alias("figure")).schema
        except AnalysisException as error:
            if not (error.getCondition() or "").startswith("INVALID_OBSERVED_METRICS"):
                raise
        else:
            found.add(text)
    return found


def _query(check: Aggregate, text: str) -> QueryCheck:
    def query(df: DataFrame, _: Sequence[str]) -> TableVerdict:
        [[found]] = df.selectExpr(typed_text(text)).collect()
        return check.judge(typed(found))

    return QueryCheck(check.name, check.rule, check.action, query=query)
