"""Tables read out of what notebooks hold: Spark's and pandas' DataFrames, Arrow, lists of rows."""

from __future__ import annotations

import sys
import typing

from nbkit.toolkit import stream
from nbkit.toolkit.table import CELL_CHARACTERS, Table

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd
    from pyspark.sql import DataFrame

    Reader = Callable[[typing.Any, int], Table]


def reader(value: typing.Any) -> Reader | None:
    """Return what reads the first n rows of `value`, or None where it is no table.

    Never imports Spark, pandas or Arrow to find out.
    """
    for module, name, read in (
        ("pyspark.sql", "DataFrame", of_spark),
        ("pandas", "DataFrame", of_pandas),
        ("pandas", "Series", lambda series, n: of_pandas(series.to_frame(), n)),
        ("pyarrow", "Table", _of_arrow),
        ("pyspark.pandas", "DataFrame", lambda frame, n: of_spark(frame.to_spark(), n)),
    ):
        known = getattr(sys.modules.get(module), name, None)
        if isinstance(known, type) and isinstance(value, known):
            return typing.cast("Reader", read)
    if isinstance(value, (list, tuple)) and value and _names(value) is None:
        first = _names(value[0])
        if first is not None and all(_names(row) == first for row in value):
            return _of_rows
    return None


def of_spark(frame: DataFrame, n: int) -> Table:
    """Fetch the first rows of a Spark DataFrame in one query, as they are to be read.

    Spark itself clips long values and writes times in the session's time zone. Of a stream
    the rows are read that have arrived.
    """
    columns = _columns(frame)
    shown = frame.toDF(*map(str, range(len(columns)))).selectExpr(
        *(_as_read(str(index), kind) for index, (_, kind) in enumerate(columns))
    )
    if frame.isStreaming:
        rows, note = stream.rows_so_far(shown, n + 1)
    else:
        rows, note = shown.limit(n + 1).collect(), ""
    return Table(columns, rows[:n], more=len(rows) > n, note=note)


def of_raw_spark(frame: DataFrame, n: int) -> Table:
    """Fetch the first rows of a Spark DataFrame, their values as Python has them."""
    rows = frame.limit(n + 1).collect()
    return Table(_columns(frame), rows[:n], more=len(rows) > n)


def _columns(frame: DataFrame) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, field.dataType.simpleString()) for field in frame.schema)


def _as_read(name: str, type_name: str) -> str:
    """Return the SQL of a column as a person reads it."""
    if type_name.partition(" ")[0] in {"string", "binary"}:
        return f"substring(`{name}`, 1, {CELL_CHARACTERS + 1}) AS `{name}`"
    if type_name in {"timestamp", "float"}:  # in the session's time zone; 0.1 and not 0.1000000015
        return f"CAST(`{name}` AS STRING) AS `{name}`"
    return f"`{name}`"


def of_pandas(frame: pd.DataFrame, n: int) -> Table:
    """Return the first rows of a pandas DataFrame; an index that has a name is a column too."""
    more = len(frame) > n
    part = frame.head(n)
    if any(name is not None for name in frame.index.names):
        part = part.reset_index(allow_duplicates=True)
    columns = tuple((str(name), str(kind)) for name, kind in part.dtypes.items())
    rows = [
        [None if missing else value for value, missing in zip(values, gaps, strict=True)]
        for values, gaps in zip(
            part.itertuples(index=False, name=None),
            part.isna().itertuples(index=False, name=None),
            strict=True,
        )
    ]
    return Table(columns, rows, more=more)


def _of_arrow(table: typing.Any, n: int) -> Table:
    columns = tuple((field.name, str(field.type)) for field in table.schema)
    part = [column.to_pylist() for column in table.slice(0, n).columns]
    return Table(columns, list(zip(*part, strict=True)), more=table.num_rows > n)


def _of_rows(rows: Sequence[typing.Any], n: int) -> Table:
    names = _names(rows[0]) or ()
    values = [tuple(row.values()) if isinstance(row, dict) else tuple(row) for row in rows[:n]]
    kinds = [_type_of(column) for column in zip(*values, strict=True)]
    return Table(tuple(zip(names, kinds, strict=True)), values, more=len(rows) > n)


def _names(row: typing.Any) -> tuple[str, ...] | None:
    """Return the column names of a Row, a named tuple or a dictionary; None for anything else."""
    if isinstance(row, dict):
        return tuple(map(str, row)) or None
    if isinstance(row, tuple):
        names = getattr(row, "__fields__", None) or getattr(row, "_fields", None)
        return tuple(names) if names else None
    return None


def _type_of(values: Iterable[typing.Any]) -> str:
    """Return the type that the values of a column have, as Python calls it."""
    kinds = {type(value).__name__ for value in values if value is not None}
    return kinds.pop() if len(kinds) == 1 else "any" if kinds else "null"
