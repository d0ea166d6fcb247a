"""`display` and `displayHTML`, as Databricks notebooks use them."""

from __future__ import annotations

import base64
import io
import sys
import typing

from nbkit.toolkit import person
from nbkit.toolkit.frames import of_raw_spark, reader
from nbkit.toolkit.table import HTML_ROWS

if typing.TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pyspark.sql import DataFrame

    from nbkit.toolkit.table import Table

ROWS = 10_000
CHARACTERS = 2_000_000
"""Most of a table that is fetched to look at it: Databricks' limits, 10,000 rows or 2 MB."""


def display(*objects: typing.Any, n: int | None = None, **options: typing.Any) -> typing.Any:
    """Show values: tables to page through, sort and chart, figures, and all that IPython shows.

    Tables are DataFrames of Spark and pandas, streams (what has arrived), Arrow tables, and
    lists of rows. A person gets the first 10,000 rows or 2 MB to work with; the saved notebook,
    and a job's, hold the first 100 as plain HTML.

    Args:
        objects: what to show; `display(df, 20)` is short for `display(df, n=20)`.
        n: most rows to fetch and show.
        options: for IPython's own `display`. Databricks' options for streams
            (`streamName`, `processingTime`, `checkpointLocation`, `outputMode`) change nothing
            here, as a stream is shown once.
    """
    from IPython.display import display as show

    for name in ("streamName", "processingTime", "checkpointLocation", "outputMode", "trigger"):
        options.pop(name, None)
    values = list(objects)
    if len(values) > 1 and type(values[1]) is int and reader(values[0]):
        n = values.pop(1)
    handle = None
    for value in values:
        read = reader(value)
        figure = _figure_of(value)
        if read is not None:
            handle = show_table(read(value, _rows(n)), saved=n or HTML_ROWS, **options)
        elif figure is not None:
            handle = _show_figure(figure, **options)
        else:
            handle = show(value, **options)
    return handle


def show_table(table: Table, saved: int = HTML_ROWS, **options: typing.Any) -> typing.Any:
    """Show rows that are here already; of these the first `saved` in the notebook's file."""
    from IPython.display import display as show

    data = {"text/html": table.as_html(saved), "text/plain": table.as_text()}
    if person.is_there():
        from nbkit.toolkit.live_table import live

        data["text/html"] = live(table.within(CHARACTERS), data["text/html"])
    return show(data, **(options | {"raw": True}))


def first_rows(frame: DataFrame, n: int = ROWS) -> Table:
    """Fetch the first `n` rows of a Spark DataFrame, their values as Python has them."""
    return of_raw_spark(frame, n)


def displayHTML(html: str) -> None:  # noqa: N802 - Databricks' name
    """Show HTML."""
    from IPython.display import HTML
    from IPython.display import display as show

    show(HTML(html))


def _rows(n: int | None) -> int:
    """Return how many rows to fetch: all that a person may page through, else what is kept."""
    return min(n or ROWS, ROWS) if n or person.is_there() else HTML_ROWS


def _figure_of(value: typing.Any) -> Figure | None:
    """Return matplotlib's figure that `value` is, or is drawn on."""
    module = sys.modules.get("matplotlib.figure")
    if module is None:
        return None
    for found in (value, getattr(value, "figure", None)):
        if isinstance(found, module.Figure):
            return typing.cast("Figure", found)
    return None


def _show_figure(figure: Figure, **options: typing.Any) -> typing.Any:
    """Show a figure once: IPython would show those of pyplot again at the end of the cell."""
    from IPython.display import display as show

    image = io.BytesIO()
    figure.savefig(image, format="png", bbox_inches="tight")
    if "matplotlib.pyplot" in sys.modules:
        from matplotlib import pyplot as plt

        plt.close(figure)
    title = " · ".join(axes.get_title() for axes in figure.axes if axes.get_title())
    text = f"Figure: {title}" if title else "Figure"
    data = {"image/png": base64.b64encode(image.getvalue()).decode(), "text/plain": text}
    return show(data, **(options | {"raw": True}))
