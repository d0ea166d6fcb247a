import json
import re
from collections import namedtuple

import pandas as pd
import pyarrow as pa
import pytest
from pyspark.sql import Row

from nbkit.toolkit import live_table, person
from nbkit.toolkit.display import display, displayHTML


@pytest.fixture
def somebody(monkeypatch):
    """A person looks at the notebook."""
    monkeypatch.setattr(person, "is_there", lambda: True)
    yield
    for shown in live_table._kept:
        shown.close()
    live_table._kept.clear()


def test_pandas_shows_as_a_typed_table(published):
    """A pandas DataFrame shows with its types, as HTML and as text."""
    display(pd.DataFrame({"a": [1, 2], "b": ["<x>", None]}))
    assert "int64" in published[0]["text/html"]
    assert "&lt;x&gt;" in published[0]["text/html"]
    assert "null" in published[0]["text/plain"]


def test_an_index_with_a_name_is_a_column(published):
    """What was grouped by is shown; a numbering is not."""
    frame = pd.DataFrame({"a": ["x", "y"], "n": [1, 2]})
    display(frame.groupby("a").sum())
    display(frame["n"])
    assert published[0]["text/plain"].splitlines()[:2] == ["a  n", "x  1"]
    assert published[1]["text/plain"].splitlines()[:2] == ["n", "1"]


def test_n_rows_of_a_frame(published):
    """`display(df, n)` shows n rows and says that there are more."""
    display(pd.DataFrame({"a": range(10)}), 3)
    assert len(published) == 1
    assert "first 3 rows; the table has more" in published[0]["text/plain"]


@pytest.mark.parametrize(
    "rows",
    [
        [Row(a=1, b="x"), Row(a=2, b=None)],
        [{"a": 1, "b": "x"}, {"a": 2, "b": None}],
        [namedtuple("T", "a b")(1, "x"), namedtuple("T", "a b")(2, None)],  # noqa: PYI024
        pa.table({"a": [1, 2], "b": ["x", None]}),
    ],
)
def test_rows_are_a_table(published, rows):
    """Rows, dictionaries, named tuples and Arrow tables show as tables."""
    display(rows)
    assert published[0]["text/plain"] == "a  b\n1  x\n2  null\n(2 rows)"


@pytest.mark.parametrize("value", [None, [1], {"a": 1}, [], [(1, 2)], [{"a": 1}, {"b": 1}], [{}]])
def test_display_never_mistakes_plain_values(published, value):
    """Other lists and dictionaries are not tables."""
    display(value)
    assert "text/html" not in published[0]


def test_anything_else_shows_as_in_ipython(published):
    """Values that are no tables go to IPython's display, several at once too."""
    display("a", 1)
    assert [data["text/plain"] for data in published] == ["'a'", "1"]


def test_a_figure_shows_once(published):
    """A figure is an image with its title as text, and not shown again by pyplot."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots()
    axes.set_title("Delays")
    display(figure)
    assert published[0]["text/plain"] == "Figure: Delays"
    assert published[0]["image/png"].startswith("iVBOR")
    assert not plt.fignum_exists(figure.number)


def test_html(published):
    """`displayHTML` shows HTML as it is."""
    displayHTML("<b>x</b>")
    assert published[0]["text/html"] == "<b>x</b>"


def test_nobody_there_gets_plain_html(published):
    """A job's notebook holds no trace of a widget."""
    display(pd.DataFrame({"a": range(1_000)}))
    assert "nbkit-live" not in published[0]["text/html"]
    assert published[0]["text/plain"].endswith("(first 20 rows; the table has more)")


def test_a_person_gets_all_rows_live_and_the_first_saved(published, somebody):
    """The output is plain HTML in a slot; the model of the slot has the rows."""
    display(pd.DataFrame({"a": range(20_000)}))
    html = published[0]["text/html"]
    slot = re.search('data-nbkit="(.*?)"', html)[1]
    (shown,) = live_table._kept
    data = json.loads(shown.data)
    assert shown.slot == slot
    assert data["columns"] == [["a", "int64", "number"]]
    assert len(data["rows"]) == 10_000
    assert data["caption"] == "first 10,000 rows; the table has more"
    assert html.count("<td") == 100
    assert set(published[0]) == {"text/html", "text/plain"}


def test_live_tables_have_a_size_and_a_number(published, somebody):
    """2 MB of a table, and so many tables, are held for the browser."""
    display(pd.DataFrame({"a": ["x" * 900] * 9_000}))
    assert len(live_table._kept[0].data) < 2_100_000
    assert "the table has more" in json.loads(live_table._kept[0].data)["caption"]
    for _ in range(live_table.KEPT + 1):
        display(pd.DataFrame({"a": [1]}))
    assert len(live_table._kept) == live_table.KEPT
