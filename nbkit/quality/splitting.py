"""Expectations as part of a DataFrame's own plan: one pass splits the rows and counts them.

Each predicate becomes one column that is true or false, never NULL, computed once; the counts
are observed on these columns while the rows flow on to wherever they are written; filters on
the same columns make the good and the quarantined rows. Nothing here runs anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbkit.errors import DefinitionError, Problem
from nbkit.quality.expectation import Expectation, checked
from nbkit.quality.metrics import Metrics
from nbkit.quality.outcome import KEPT, QUARANTINED, ROWS, aggregated, failed
from nbkit.quality.sampling import SAMPLE, sample_metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyspark.sql import Column, DataFrame

    from nbkit.quality.table_checks import Aggregate

FAILED_EXPECTATIONS = "_failed_expectations"
"""Column of quarantined rows: the names of all expectations that the row fails."""

SAMPLES = 5
"""Failing rows that are shown of each expectation, unless asked otherwise."""

_FLAG = "__nbkit_fails_{}"


@dataclass(frozen=True, slots=True)
class Split:
    """A DataFrame divided by expectations.

    Attributes:
        good: rows for the table, with the columns of the original. While they are written,
            the counts are collected; write them once, and do not sort them before.
        quarantine: rows for the quarantine table, with `_failed_expectations` besides; None
            where no expectation quarantines.
        metrics: the counts, once `good` has been written.
        held: all rows with what they fail, kept for a second look; None where there is none.
    """

    good: DataFrame
    quarantine: DataFrame | None
    metrics: Metrics
    held: DataFrame | None = None

    def release(self) -> None:
        """Let go of the rows that were kept, and stop listening; `metrics.close` is the same."""
        self.metrics.close()


def split(
    df: DataFrame,
    expectations: Iterable[Expectation],
    *,
    dataset: str = "",
    aggregates: Sequence[Aggregate] = (),
    samples: int = SAMPLES,
    abort: bool = True,
    hold: bool | None = None,
) -> Split:
    """Divide a DataFrame, batch or stream, classic or Spark Connect.

    A row that fails a `quarantine` expectation is quarantined, whatever else it fails; of the
    rest, one that fails a `drop` expectation is dropped; all others are good. No row is in two
    of these, and none in none.

    Args:
        df: any DataFrame.
        expectations: on its rows.
        dataset: what messages and records call it.
        aggregates: figures of the good rows, taken in the same pass; not of a stream.
        samples: how many failing rows to collect of each expectation, in the same pass.
        abort: let an expectation with the action `fail` and no threshold end the query at the
            first failing row, so that nothing is written; see `aborted_by`. One with a
            threshold cannot be decided before the end: ask `metrics` and act.
        hold: keep the rows (in memory, else on disk) until `Split.release`, so that good and
            quarantined rows come from one look at the source and from one verdict on each;
            None for a batch where something is quarantined. Streams are never held: there,
            split each batch (`for_each_batch`).

    Raises:
        DefinitionError: names are repeated, or a stream is asked for what it cannot.
    """
    given = checked(expectations)
    if df.isStreaming:
        _refuse_on_streams(given, aggregates)
    flags = [_FLAG.format(place) for place in range(len(given))]
    flagged = with_flags(df, given, flags)
    quarantines = any(each.action == "quarantine" for each in given)
    hold = (quarantines if hold is None else hold) and not df.isStreaming
    if hold:
        flagged = flagged.persist()
    quarantined = _any(flags, given, "quarantine")
    kept = f"not ({quarantined} or {_any(flags, given, 'drop')})"
    wanted = _counts(flags, quarantined, kept)
    if samples and flags:
        wanted[SAMPLE] = sample_metric(df.schema, flags, samples)
    metrics = Metrics.of(df, dataset, given, aggregates, samples)
    if hold:
        metrics.at_close(flagged.unpersist)
    good = metrics.observe(flagged, _columns(wanted))
    good = good.where(_expr(_aborting(given, flags, kept) if abort else kept)).drop(*flags)
    figures = {aggregated(place): each.expression for place, each in enumerate(aggregates)}
    good = metrics.observe(good, _columns(figures))
    elsewhere = None
    if quarantines:
        reasons = _expr(failed_names(given, flags)).alias(FAILED_EXPECTATIONS)
        elsewhere = flagged.where(_expr(quarantined)).select("*", reasons).drop(*flags)
    return Split(good, elsewhere, metrics, flagged if hold else None)


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


def _counts(flags: Sequence[str], quarantined: str, kept: str) -> dict[str, str]:
    return {
        ROWS: "count(1)",
        KEPT: f"count_if({kept})",
        QUARANTINED: f"count_if({quarantined})",
        **{failed(place): f"count_if({flag})" for place, flag in enumerate(flags)},
    }


def _columns(wanted: Mapping[str, str]) -> list[Column]:
    return [_expr(text).alias(name) for name, text in wanted.items()]


def _any(flags: Sequence[str], given: Sequence[Expectation], action: str) -> str:
    chosen = [flag for flag, each in zip(flags, given, strict=True) if each.action == action]
    return f"({' or '.join(chosen)})" if chosen else "false"


def _refuse_on_streams(given: Sequence[Expectation], aggregates: Sequence[Aggregate]) -> None:
    refused = [(each.name, "looks across rows") for each in given if each.across_rows]
    refused += [(each.name, "is about the whole table") for each in aggregates]
    if refused:
        problems = (
            Problem(name, f"{why}, which a stream never has; check its table afterwards")
            for name, why in refused
        )
        raise DefinitionError(tuple(problems), "expectations on a stream")


def _expr(text: str) -> Column:
    from pyspark.sql import functions

    return functions.expr(text)
