"""Rows by bin: numbers, dates and times between edges; of all others, each value is a bin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.quality.naming import Columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame

    from nbkit.quality.stability import Counts

NULL, NAN = "null", "nan"
_MOST_VALUES = 10_000
_MUCH = 0.5
_NUMBERS = {"byte", "short", "integer", "long", "float", "double", "decimal"}
_TIMES = {"date", "timestamp", "timestamp_ntz"}


def edges_of(df: DataFrame, column: str, bins: int) -> tuple[float, ...] | None:
    """Return edges for bins of about as many rows each; None if values are their own bins.

    The least and the greatest value are edges too. One that is there twice is a value that a
    bin's worth of rows has: it is a bin of its own.
    """
    number = _number(df, column)
    if number is None:
        return None
    finite = f"case when abs({number}) < double('Infinity') then {number} end"
    shares = ", ".join(str(place / bins) for place in range(1, bins))
    inner = f"percentile_approx({finite}, array({shares}))" if bins > 1 else "null"
    [[low, found, high]] = df.selectExpr(f"min({finite})", inner, f"max({finite})").collect()
    return () if low is None else (low, *(found or ()), high)


def by_bin(df: DataFrame, column: str, edges: Sequence[float] | None) -> Counts:
    """Return how many rows are in each bin."""
    name = Columns.of(df)(column)
    number = _number(df, column)
    if edges is None or number is None:
        value = _text(df, name)
        bin_ = f"case when {name} is null then '{NULL}' else concat('=', {value}) end"
    else:
        above = " + ".join(_above(number, edges)) or "0"
        bin_ = (
            f"case when {name} is null then '{NULL}' when isnan({number}) then '{NAN}' "
            f"else cast({above} as string) end"
        )
    counted: Any = df.selectExpr(f"{bin_} as bin").groupBy("bin").count()
    most = counted.orderBy(counted["count"].desc(), "bin").limit(_MOST_VALUES)
    return {row["bin"]: row["count"] for row in most.collect()}


def worn_out(counts: Counts, edges: Sequence[float] | None) -> bool:
    """Whether most rows are between two edges, or beyond all: these tell little any more."""
    if edges is None:
        return False
    much = max(_MUCH, 3 / (len({*edges}) + 1))
    between = [count for name, count in counts.items() if name.isdigit() and not int(name) % 2]
    return max(between, default=0) > much * sum(counts.values())


def _above(number: str, edges: Sequence[float]) -> list[str]:
    """Return terms whose sum is a bin's number: odd on an edge that is a bin, else even."""
    terms = []
    for edge in sorted({*edges}):
        alone = list(edges).count(edge) > 1
        at = f"double('{edge!r}')"
        terms.append(f"case when {number} > {at} then 2 else 0 end")
        if alone:
            terms.append(f"case when {number} = {at} then 1 else 0 end")
    return terms


def _number(df: DataFrame, column: str) -> str | None:
    """Return a column as a number in SQL, or None if its values are none."""
    name = Columns.of(df)(column)
    kind = _kind(df, name)
    if kind in _NUMBERS:
        return f"cast({name} as double)"
    if kind in _TIMES:
        return f"cast(unix_micros(cast({name} as timestamp)) as double)"
    return None


def _text(df: DataFrame, name: str) -> str:
    kind = _kind(df, name)
    if kind in {"array", "map", "struct", "variant"}:
        return f"to_json({name})"
    return f"hex({name})" if kind == "binary" else f"cast({name} as string)"


def _kind(df: DataFrame, name: str) -> str:
    from pyspark.sql import functions as F  # noqa: N812 - everybody's name for it

    [field] = df.select(F.expr(name).alias("x")).schema
    return str(field.dataType.typeName()).split("(")[0].split(" ")[0]
