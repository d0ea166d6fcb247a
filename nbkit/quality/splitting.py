"""Expectations as part of a DataFrame's own plan: one pass splits the rows and counts them.

Each predicate becomes one column that is true or false, never NULL, computed once; the counts
are observed on these columns while the rows flow on to wherever they are written; filters on
the same columns make the good and the quarantined rows. Nothing here runs anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.errors import DefinitionError, Problem
from nbkit.quality import outcome
from nbkit.quality.expectation import Expectation, checked
from nbkit.quality.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyspark.sql import Column, DataFrame

FAILED_EXPECTATIONS = "_failed_expectations"
"""Column of quarantined rows: the names of all expectations that the row fails."""

_FLAG = "__nbkit_fails_{}"


@dataclass(frozen=True, slots=True)
class Split:
    """A DataFrame divided by expectations.

    Attributes:
        good: rows for the table, with the columns of the original. While they are written,
            the counts are collected; write them once, and do not sort them before.
        quarantine: rows for the quarantine table, with `_failed_expectations` besides; None
            where no expectation quarantines. Reading it evaluates the source once more unless
            the original is persisted.
        metrics: the counts, once `good` has been written.
    """

    good: DataFrame
    quarantine: DataFrame | None
    metrics: Metrics


def split(
    df: DataFrame,
    expectations: Iterable[Expectation],
    *,
    dataset: str = "",
    abort: bool = True,
) -> Split:
    """Divide a DataFrame, batch or stream, classic or Spark Connect.

    A row that fails a `quarantine` expectation is quarantined, whatever else it fails; of the
    rest, one that fails a `drop` expectation is dropped; all others are good. No row is in two
    of these, and none in none.

    Args:
        df: any DataFrame.
        expectations: on its rows.
        dataset: what messages and records call it.
        abort: let an expectation with the action `fail` and no threshold end the query at the
            first failing row, so that nothing is written; see `aborted_by`. One with a
            threshold cannot be decided before the end: ask `metrics` and act.

    Raises:
        DefinitionError: names are repeated, or a stream is asked to look across rows.
    """
    given = checked(expectations)
    if df.isStreaming:
        _refuse_across_rows(given)
    flags = [_FLAG.format(place) for place in range(len(given))]
    flagged = with_flags(df, given, flags)
    quarantined = _any(flags, given, "quarantine")
    kept = f"not ({quarantined} or {_any(flags, given, 'drop')})"
    metrics = Metrics.of(df, dataset, given)
    observed = metrics.observe(flagged, _counts(flags, quarantined, kept))
    good = observed.where(_expr(_aborting(given, flags, kept) if abort else kept)).drop(*flags)
    if not any(each.action == "quarantine" for each in given):
        return Split(good, None, metrics)
    reasons = _expr(failed_names(given, flags)).alias(FAILED_EXPECTATIONS)
    elsewhere = flagged.where(_expr(quarantined)).select("*", reasons).drop(*flags)
    return Split(good, elsewhere, metrics)


def aborted_by(error: BaseException, expectations: Iterable[Expectation]) -> Expectation | None:
    """Return the expectation whose failing row ended a query, or None if something else did."""
    text = str(error)
    for each in expectations:
        if _mark(each) in text:
            return each
    return None


def with_flags(df: DataFrame, expectations: Sequence[Expectation], flags: Sequence[str]) -> Any:
    """Return the DataFrame with a column for each expectation: true where the row fails it."""
    columns = [
        _expr(each.failing).alias(flag) for each, flag in zip(expectations, flags, strict=True)
    ]
    return df.select("*", *columns) if columns else df


def failed_names(expectations: Sequence[Expectation], flags: Sequence[str]) -> str:
    """Return the SQL array of the names of the expectations that a row fails."""
    cases = [
        f"case when {flag} then {literal(each.name)} end"
        for each, flag in zip(expectations, flags, strict=True)
    ]
    return f"array_compact(array({', '.join(cases)}))"


def literal(text: str) -> str:
    """Return text as a literal of SQL."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _mark(expectation: Expectation) -> str:
    return f'a row fails the expectation "{expectation.name}" (nbkit)'


def _aborting(given: Sequence[Expectation], flags: Sequence[str], kept: str) -> str:
    cases = [
        f"when {flag} then cast(raise_error({literal(_mark(each))}) as boolean)"
        for each, flag in zip(given, flags, strict=True)
        if each.action == "fail" and not each.threshold
    ]
    return f"case {' '.join(cases)} else {kept} end" if cases else kept


def _counts(flags: Sequence[str], quarantined: str, kept: str) -> list[Column]:
    wanted = {
        outcome.ROWS: "count(1)",
        outcome.KEPT: f"count_if({kept})",
        outcome.QUARANTINED: f"count_if({quarantined})",
        **{outcome.failed(place): f"count_if({flag})" for place, flag in enumerate(flags)},
    }
    return [_expr(text).alias(name) for name, text in wanted.items()]


def _any(flags: Sequence[str], given: Sequence[Expectation], action: str) -> str:
    chosen = [flag for flag, each in zip(flags, given, strict=True) if each.action == action]
    return f"({' or '.join(chosen)})" if chosen else "false"


def _refuse_across_rows(given: Sequence[Expectation]) -> None:
    problems = tuple(
        Problem(each.name, "looks across rows, which a stream cannot; check its table afterwards")
        for each in given
        if each.across_rows
    )
    if problems:
        raise DefinitionError(problems, "expectations on a stream")


def _expr(text: str) -> Column:
    from pyspark.sql import functions

    return functions.expr(text)
