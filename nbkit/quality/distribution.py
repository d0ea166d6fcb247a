"""Drift: whether a column's values are spread as in the last runs."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Literal

from nbkit.quality.sampling import quoted
from nbkit.quality.table_checks import Look, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame

_LEAST_SHARE = 1e-4
_OTHER = "(other)"
_NULL = "(null)"


def drift(
    column: str,
    *,
    at_most: float = 0.2,
    runs: int = 5,
    bins: int = 10,
    action: Literal["warn", "fail"] = "warn",
    name: str = "",
) -> Look:
    """Expect a column's values spread as in the last runs that are in the history table.

    Measured is the population stability index, the sum of (p - q) · ln(p / q) over the shares
    of bins, now and before: by custom, under 0.1 is little and above 0.25 much. Numbers, dates
    and times go into bins of equal size in the first run, other values are their own bins.
    NULL is a bin.

    Args:
        column: to look at.
        at_most: the index from which on it does not hold.
        runs: how many of the last runs are averaged.
        bins: how many bins numbers are divided into, or the most frequent values to tell apart.
        action: `warn` or `fail`.
        name: as people call it.
    """

    def look(df: DataFrame, past: Sequence[str]) -> Verdict:
        before = [json.loads(text) for text in past if text]
        edges = before[0]["edges"] if before else _edges(df, column, bins)
        before = [run["shares"] for run in before[:runs] if run["edges"] == edges]
        known = sorted({value for run in before for value in run}) if edges is None else []
        now = _shares(df, column, edges, known, bins)
        details = json.dumps({"edges": edges, "shares": now}, ensure_ascii=False)
        if not before:
            return Verdict(True, "no earlier run to compare with", details=details)
        index = stability_index(now, average(before))
        told = f"stability index {index:.3f} against the last {len(before)} runs"
        return Verdict(index <= at_most, told, details=details)

    rule = f"{column} spread as in the last {runs} runs (index at most {at_most})"
    return Look(name or f"{column}_drift", rule, action, look=look)


def stability_index(now: Mapping[str, float], before: Mapping[str, float]) -> float:
    """Return the population stability index of shares by bin; empty bins count as 1 in 10,000."""
    pairs = (
        (max(now.get(bin_, 0.0), _LEAST_SHARE), max(before.get(bin_, 0.0), _LEAST_SHARE))
        for bin_ in sorted({*now, *before})
    )
    return sum((p - q) * math.log(p / q) for p, q in pairs)


def average(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean share of each bin."""
    names = sorted({bin_ for run in runs for bin_ in run})
    return {name: sum(run.get(name, 0.0) for run in runs) / len(runs) for name in names}


def _number(df: DataFrame, column: str) -> str | None:
    """Return a column as a number in SQL, or None if its values are none."""
    kind = df.select(quoted(column)).schema[0].dataType.typeName().split("(")[0]
    if kind in {"byte", "short", "integer", "long", "float", "double", "decimal"}:
        return f"cast({quoted(column)} as double)"
    if kind in {"date", "timestamp", "timestamp_ntz"}:
        return f"cast(unix_micros(cast({quoted(column)} as timestamp)) as double)"
    return None


def _edges(df: DataFrame, column: str, bins: int) -> list[float] | None:
    number = _number(df, column)
    if number is None:
        return None
    shares = ", ".join(str(place / bins) for place in range(1, bins))
    [[found]] = df.selectExpr(f"percentile_approx({number}, array({shares}))").collect()
    return sorted({edge for edge in found or () if math.isfinite(edge)})


def _shares(
    df: DataFrame, column: str, edges: list[float] | None, known: Sequence[str], bins: int
) -> dict[str, float]:
    number = _number(df, column)
    if edges is not None and number is not None:
        above = [f"case when {number} > {edge!r}D then 1 else 0 end" for edge in edges]
        value = f"cast({' + '.join(above) or '0'} as string)"
    else:
        value = f"cast({quoted(column)} as string)"
    bin_ = f"case when {quoted(column)} is null then '{_NULL}' else {value} end as bin"
    counted: Any = df.selectExpr(bin_).groupBy("bin").count().orderBy("count", ascending=False)
    counts = {row["bin"]: row["count"] for row in counted.limit(10_000).collect()}
    if edges is None:
        counts = _few(counts, {*known} - {_OTHER} or {*list(counts)[:bins]})
    rows = sum(counts.values())
    return {name: count / rows for name, count in sorted(counts.items())}


def _few(counts: Mapping[str, int], known: set[str]) -> dict[str, int]:
    few = {name: count for name, count in counts.items() if name in known}
    rest = sum(counts.values()) - sum(few.values())
    return few | ({_OTHER: rest} if rest else {})
