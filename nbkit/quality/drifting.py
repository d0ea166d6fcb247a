"""Drift: whether a column's values are spread as in earlier runs.

What a run leaves for later ones (`Baseline`) is the edges of bins, and the counts of the last runs
that held. A run that has too few rows, or that does not hold, hands on what it has found as it is:
nonsense never becomes what later runs are compared with.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nbkit.counted import rows as rows_in_words
from nbkit.quality.bins import by_bin, edges_of, worn_out
from nbkit.quality.naming import Columns
from nbkit.quality.ready_made import ready_made
from nbkit.quality.stability import Baseline, few, verdict
from nbkit.quality.table_checks import QueryCheck, TableAction, TableVerdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame


@ready_made
def drift(
    column: str,
    *,
    at_most: float = 0.2,
    runs: int = 5,
    bins: int = 10,
    least_rows: int = 100,
    action: TableAction = "warn",
    name: str = "",
) -> QueryCheck:
    """Expect a column's values spread as in the last runs that are in the history table.

    Measured is the population stability index, the sum of (p - q) · ln(p / q) over the shares
    of bins, now and before: by custom, under 0.1 is little and above 0.25 much. Numbers, dates
    and times go into bins of about equal size in the first run with enough rows, and below and
    above all of its values; a value that is a bin's worth of rows is a bin of its own. Other
    values are their own bins. NULL is a bin, and NaN.

    Few rows differ by chance: as much as chance makes of so many rows (once in a thousand runs)
    is no drift, and is said. Runs that did not hold are not compared with: when what is new is
    to be the norm, give the check another name.

    Args:
        column: to look at.
        at_most: the index from which on it does not hold.
        runs: how many of the last runs that held are averaged.
        bins: how many bins numbers are divided into, or the most frequent values to tell apart.
        least_rows: as many must a run have to be compared with later.
        action: `warn` or `fail`.
        name: as people call it.
    """

    def query(df: DataFrame, past: Sequence[str]) -> TableVerdict:
        known = Baseline.read(past[0] if past else "")
        if not known.begun:
            return _begun(df, known, column, bins, least_rows)
        now = by_bin(df, column, known.edges)
        now = few(now, known.total, bins) if known.edges is None else now
        ok, told, kept = verdict(now, known, at_most, runs, least_rows)
        if kept is not known and worn_out(now, known.edges):
            return replace(_begun(df, known, column, bins, least_rows), observed=told)
        return TableVerdict(ok, told, details=kept.written())

    rule = f"{column} spread as in the last {runs} runs (index at most {at_most})"
    return QueryCheck(name or f"{column}_drift", rule, action, query=query)


def _begun(df: DataFrame, known: Baseline, column: str, bins: int, least_rows: int) -> TableVerdict:
    """Let bins be those of this run, if it has rows enough."""
    values = df.where(f"{Columns.of(df)(column)} is not null").count()
    edges = edges_of(df, column, bins) if values >= least_rows else ()
    if edges == ():
        words = rows_in_words(values) if values else "no rows"
        told = f"{words} with a value: bins are made by the first run with {least_rows:,} or more"
        return TableVerdict(True, told, details=known.written())
    counts = by_bin(df, column, edges)
    counts = few(counts, None, bins) if edges is None else counts
    begun = Baseline(edges, (counts,))
    return TableVerdict(True, "no earlier run to compare with", details=begun.written())
