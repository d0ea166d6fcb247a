from datetime import date, datetime
from decimal import Decimal

import pytest

from nbkit.hidden import Redactor
from nbkit.toolkit import cell_text
from nbkit.toolkit.cell_text import CHARACTERS, text_of
from nbkit.toolkit.table import HTML_CHARACTERS, HTML_ROWS, Table, kind_of


def numbers(count, **fields):
    return Table((("a", "int"),), [[i] for i in range(count)], **fields)


def test_html_is_escaped_and_typed():
    """Names, types and values are text, never markup; each column says its type."""
    html = Table((("<a>", "array<int>"),), [["<script>x</script>"]]).as_html()
    assert "&lt;a&gt;" in html
    assert "array&lt;int&gt;" in html
    assert "<script>" not in html


def test_html_is_not_latex():
    """Two dollar signs are prices: the page's mathematics leaves tables alone."""
    assert 'class="nbkit-table tex2jax_ignore mathjax_ignore"' in numbers(1).as_html()


def test_null_is_not_the_string_none():
    """A missing value looks different from any text."""
    table = Table((("a", "string"),), [[None], ["None"]])
    assert table.as_html().count("null</i>") == 1
    assert table.as_text().splitlines() == ["a", "null", "None", "(2 rows)"]


def test_truncation_is_told():
    """A table that has more rows says so, in HTML and in text."""
    assert "first 1 row; the table has more" in numbers(1, more=True).as_html()
    assert "first 1 row; the table has more" in numbers(1, more=True).as_text()


def test_each_form_tells_how_much_it_shows():
    """The saved forms show the first rows, and of how many."""
    table = numbers(5_000)
    assert table.caption() == "5,000 rows"
    assert f"first {HTML_ROWS} of 5,000 rows<" in table.as_html()
    assert table.as_html().count("<td") == HTML_ROWS
    assert table.as_text().endswith("(first 20 of 5,000 rows)")


def test_notes_are_told():
    """What else a reader must know stands behind the count."""
    assert "(1 row; as of noon)" in numbers(1, note="as of noon").as_text()


def test_within_keeps_the_first_rows_and_at_least_one():
    """Cut to a size, a table has more."""
    table = Table((("a", "string"),), [["x" * 97]] * 10)
    assert len(table.within(250).rows) == 2
    assert table.within(250).more
    assert len(table.within(1).rows) == 1
    assert table.within(1_000) is table


def test_a_wide_table_does_not_make_a_huge_notebook():
    """The saved HTML has a size, whatever the rows hold."""
    wide = Table(tuple((f"c{i}", "string") for i in range(20)), [["x" * 10**6] * 20] * 100)
    assert len(wide.as_html()) < 2 * HTML_CHARACTERS
    assert "first 9 of 100 rows" in wide.as_html()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (True, "true"),
        (1.5, "1.5"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (Decimal("1.10"), "1.10"),
        (date(2013, 1, 1), "2013-01-01"),
        (datetime(2013, 1, 1, 5, 4), "2013-01-01 05:04:00"),  # noqa: DTZ001 - as Spark gives it
        (b"\x01", "0x01"),
        (bytearray(b"ab"), "0x6162"),
        ({"a": [1, None, {"b": date(2013, 1, 1)}]}, '{"a": [1, null, {"b": "2013-01-01"}]}'),
        ({date(2013, 1, 1): Decimal("1.0")}, '{"2013-01-01": "1.0"}'),
        ([True, float("nan"), b"\x01"], '[true, "NaN", "0x01"]'),
        ([], "[]"),
        ("é<", "é<"),
    ],
)
def test_values_read_as_a_person_wants(value, text):
    """Each kind of value has one way to be written."""
    assert text_of(value) == text


def test_clipping_shows_no_part_of_a_secret(monkeypatch):
    """A long secret is hidden before its cell is cut short."""
    secret = "a1B2c3D4" * 8
    monkeypatch.setattr(cell_text, "redactor", Redactor())
    cell_text.redactor.hide(secret)
    text = Table((("a", "string"),), [[f"token {secret}"]]).as_text()
    assert text.splitlines()[1] == "token [REDACTED]"


@pytest.mark.parametrize("value", ["x" * 10**6, b"\0" * 10**6, ["x"] * 10**5])
def test_long_values_are_cut(value):
    """One huge value is cut, and shows that it was."""
    text = text_of(value)
    assert len(text) == CHARACTERS + 1
    assert text.endswith("…")


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("number", ["int", "bigint", "double", "decimal(10,2)", "int64", "Float32", "uint8"]),
        ("time", ["date", "timestamp", "timestamp_ntz", "datetime64[ns, UTC]"]),
        ("text", ["string", "interval day to second", "array<int>", "boolean", "object"]),
    ],
)
def test_kinds_of_types(kind, names):
    """Types of Spark and pandas are numbers, times or text."""
    assert {kind_of(name) for name in names} == {kind}


def test_a_table_without_rows_or_columns():
    """An empty table still shows its header."""
    assert Table((("a", "int"),), []).as_text() == "a\n(0 rows)"
    assert Table((), []).as_text() == "\n(0 rows)"
    assert "0 rows" in Table((), []).as_html()
