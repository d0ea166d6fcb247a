"""Expectations as part of a DataFrame's own plan: one pass splits the rows and counts them.

Each predicate becomes one bit that is set or not, never NULL, computed once; the counts are
observed on these bits while the rows flow on to wherever they are written; filters on the same
bits make the good and the quarantined rows. Nothing here runs anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbkit.dialect.sql_text import literal
from nbkit.errors import DefinitionError, Problem
from nbkit.quality.binding import bound
from nbkit.quality.binding import figures as figures_of
from nbkit.quality.counting import counters
from nbkit.quality.expectation import Expectation, checked
from nbkit.quality.metrics import Metrics
from nbkit.quality.one_version import fixed
from nbkit.quality.outcome import aggregated
from nbkit.quality.sampling import SAMPLE, sample_metric
from nbkit.quality.values import typed_text
from nbkit.quality.verdicts import Verdicts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyspark.sql import Column, DataFrame

    from nbkit.quality.table_checks import Aggregate

FAILED_EXPECTATIONS = "_failed_expectations"
"""Column of quarantined rows: the names of all expectations that the row fails."""

SAMPLES = 5
"""Failing rows that are shown of each expectation, unless asked otherwise."""


@dataclass(frozen=True, slots=True)
class Split:
    """A DataFrame divided by expectations.

    Attributes:
        good: rows for the table, with the columns of the original. While they are written,
            the counts are collected; write them once, and do not sort them before.
        quarantine: rows for the quarantine table, with `_failed_expectations` besides; None
            where no expectation quarantines.
        metrics: the counts, once `good` has been written.
        rows: the good rows for another look at them: nothing is counted, nothing stops.
        held: all rows with what they fail, the same at a second look; None where that is not so.
    """

    good: DataFrame
    quarantine: DataFrame | None
    metrics: Metrics
    rows: DataFrame
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
        hold: see to it that good and quarantined rows are of the same rows with the same
            verdicts: those of a Delta table, taken row by row, are read at one version; any
            others are kept (in memory, else on disk) until `Split.release`. None for a batch
            where something is quarantined. Streams are never held: there, split each batch.

    Raises:
        DefinitionError: names are repeated, a rule cannot be computed on these rows, or a stream
            is asked for what it cannot.
    """
    given = checked(expectations)
    if df.isStreaming:
        _refuse_on_streams(given, aggregates)
    given = bound(df, given, dataset)
    figures = figures_of(df, aggregates, dataset)
    verdicts = Verdicts(given)
    quarantining, dropping = verdicts.places("quarantine"), verdicts.places("drop")
    hold = (bool(quarantining) if hold is None else hold) and not df.isStreaming
    same = fixed(df, verdicts.judging()) if hold else None
    df = df if same is None else same
    judged = df.selectExpr("*", *verdicts.judging())
    if hold and same is None:
        judged = judged.persist()
    kept = f"not {verdicts.fails([*quarantining, *dropping])}"
    wanted = counters(df, verdicts, kept)
    if samples and given:
        wanted.append(_expr(sample_metric(df.schema, verdicts, samples)).alias(SAMPLE))
    metrics = Metrics.of(df, dataset, given, aggregates, samples)
    if hold and same is None:
        metrics.at_close(judged.unpersist)
    good = metrics.observe(judged, wanted)
    stopping = _stopping(given, [verdicts.fails([n]) for n, _ in enumerate(given)], abort=abort)
    good = good.where(_expr(_or_stop(stopping, kept))).drop(*verdicts.columns)
    told = [_expr(typed_text(text)).alias(aggregated(n)) for n, text in enumerate(figures)]
    good = metrics.observe(good, told)
    elsewhere = None
    if quarantining and same is not None:
        # Read again, rows are judged rule by rule: Spark would compute the bits twice over.
        elsewhere = _quarantined(same, given, [each.failing for each in given], abort=abort)
    elif quarantining:
        conditions = [verdicts.fails([place]) for place in range(len(given))]
        elsewhere = _quarantined(judged, given, conditions, abort=abort).drop(*verdicts.columns)
    rows = judged.where(_expr(kept)).drop(*verdicts.columns)
    return Split(good, elsewhere, metrics, rows, judged if hold else None)


def aborted_by(error: BaseException, expectations: Iterable[Expectation]) -> Expectation | None:
    """Return the expectation whose failing row ended a query, or None if something else did."""
    text = str(error)
    for each in expectations:
        if _mark(each) in text:
            return each
    return None


def _mark(expectation: Expectation) -> str:
    return f'a row fails the expectation "{expectation.name}" (nbkit)'


def _quarantined(
    df: DataFrame, given: Sequence[Expectation], conditions: Sequence[str], *, abort: bool
) -> DataFrame:
    """Return the rows to quarantine, with what they fail; conditions are in the order of rules.

    A row that fails what lets none pass ends this query too: whichever of the two tables is
    written first, neither is.
    """
    pairs = list(zip(given, conditions, strict=True))
    names = [f"case when {condition} then {literal(each.name)} end" for each, condition in pairs]
    some = " or ".join(condition for each, condition in pairs if each.action == "quarantine")
    reasons = f"array_compact(array({', '.join(names)})) as {FAILED_EXPECTATIONS}"
    found = df.where(_expr(_or_stop(_stopping(given, conditions, abort=abort), some)))
    return found.drop(FAILED_EXPECTATIONS).selectExpr("*", reasons)


def _stopping(
    given: Sequence[Expectation], conditions: Sequence[str], *, abort: bool
) -> list[tuple[str, Expectation]]:
    """Return the conditions of rows that end the query, with the expectation that they fail."""
    pairs = zip(conditions, given, strict=True)
    return [pair for pair in pairs if abort and pair[1].action == "fail" and not pair[1].threshold]


def _or_stop(stopping: Sequence[tuple[str, Expectation]], condition: str) -> str:
    cases = [
        f"when {fails} then cast(raise_error({literal(_mark(each))}) as boolean)"
        for fails, each in stopping
    ]
    return f"case {' '.join(cases)} else {condition} end" if cases else condition


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
