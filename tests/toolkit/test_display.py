import pandas as pd
import pytest

from nbkit.toolkit.display import display, displayHTML


def test_pandas_shows_as_a_typed_table(published):
    """A pandas DataFrame shows with its types, as HTML and as text."""
    display(pd.DataFrame({"a": [1, 2], "b": ["<x>", None]}))
    assert "int64" in published[0]["text/html"]
    assert "&lt;x&gt;" in published[0]["text/html"]
    assert "null" in published[0]["text/plain"]


def test_n_rows_of_a_frame(published):
    """`display(df, n)` shows n rows and says that there are more."""
    display(pd.DataFrame({"a": range(10)}), 3)
    assert len(published) == 1
    assert "first 3 rows; the table has more" in published[0]["text/plain"]


def test_anything_else_shows_as_in_ipython(published):
    """Values that are no tables go to IPython's display, several at once too."""
    display("a", 1)
    assert [data["text/plain"] for data in published] == ["'a'", "1"]


def test_html(published):
    """`displayHTML` shows HTML as it is."""
    displayHTML("<b>x</b>")
    assert published[0]["text/html"] == "<b>x</b>"


@pytest.mark.parametrize("value", [None, [1], {"a": 1}])
def test_display_never_mistakes_plain_values(published, value):
    """Lists and dictionaries are not tables."""
    display(value)
    assert "text/html" not in published[0]
