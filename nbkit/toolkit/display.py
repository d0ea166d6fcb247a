"""`display` and `displayHTML`, as Databricks notebooks use them."""

from __future__ import annotations

import sys
import typing

from nbkit.toolkit.table import Table

if typing.TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

ROWS = 1_000


def display(*objects: typing.Any, n: int = ROWS, **options: typing.Any) -> typing.Any:
    """Show values; of a DataFrame, Spark's or pandas', the first `n` rows with their types.

    Args:
        objects: what to show; `display(df, 20)` is short for `display(df, n=20)`.
        n: most rows to fetch and show.
        options: for IPython's own `display`, which shows everything else.
    """
    from IPython.display import display as show

    values = list(objects)
    if len(values) > 1 and type(values[1]) is int and _table_of(values[0]):
        n = values.pop(1)
    handle = None
    for value in values:
        read = _table_of(value)
        handle = show(value, **options) if read is None else show_table(read(value, n), **options)
    return handle


def show_table(table: Table, **options: typing.Any) -> typing.Any:
    """Show rows that are here already."""
    from IPython.display import display as show

    data = {"text/html": table.as_html(), "text/plain": table.as_text()}
    return show(data, **(options | {"raw": True}))


def first_rows(frame: DataFrame, n: int = ROWS) -> Table:
    """Fetch the first `n` rows of a Spark DataFrame."""
    return _of_spark(frame, n)


def displayHTML(html: str) -> None:  # noqa: N802 - Databricks' name
    """Show HTML."""
    from IPython.display import HTML
    from IPython.display import display as show

    show(HTML(html))


def _table_of(value: typing.Any) -> typing.Callable[[typing.Any, int], Table] | None:
    """Return what reads a table out of `value`; never imports Spark or pandas to find out."""
    for name, read in (("pyspark.sql", _of_spark), ("pandas", _of_pandas)):
        module = sys.modules.get(name)
        if module is not None and isinstance(value, getattr(module, "DataFrame", ())):
            return read
    return None


def _of_spark(frame: DataFrame, n: int) -> Table:
    if frame.isStreaming:
        raise TypeError(
            "display cannot show a streaming DataFrame yet; write it to a table "
            "(writeStream … toTable) and display that table"
        )
    columns = tuple((field.name, field.dataType.simpleString()) for field in frame.schema)
    rows = frame.limit(n + 1).collect()
    return Table(columns, rows[:n], more=len(rows) > n)


def _of_pandas(frame: pd.DataFrame, n: int) -> Table:
    columns = tuple((str(name), str(kind)) for name, kind in frame.dtypes.items())
    part = frame.head(n)
    rows = [
        [None if missing else value for value, missing in zip(values, gaps, strict=True)]
        for values, gaps in zip(
            part.itertuples(index=False, name=None),
            part.isna().itertuples(index=False, name=None),
            strict=True,
        )
    ]
    return Table(columns, rows, more=len(frame) > n)
