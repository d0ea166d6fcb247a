from datetime import date

from nbkit.toolkit.table import CELL_CHARACTERS, Table


def test_html_is_escaped_and_typed():
    """Names, types and values are text, never markup; each column says its type."""
    html = Table((("<a>", "array<int>"),), [["<script>x</script>"]]).as_html()
    assert "&lt;a&gt;" in html
    assert "array&lt;int&gt;" in html
    assert "<script>" not in html


def test_null_is_not_the_string_none():
    """A missing value looks different from any text."""
    table = Table((("a", "string"),), [[None], ["None"]])
    assert table.as_html().count("null</i>") == 1
    assert table.as_text().splitlines() == ["a", "null", "None", "(2 rows)"]


def test_truncation_is_told():
    """A table that has more rows says so, in HTML and in text."""
    table = Table((("a", "int"),), [[1]], more=True)
    assert "first 1 row; the table has more" in table.as_html()
    assert "first 1 row; the table has more" in table.as_text()


def test_text_tells_rows_it_leaves_out():
    """The text form shows the first rows and counts the others."""
    assert "80 not in this text" in Table((("a", "int"),), [[1]] * 100).as_text()


def test_long_and_binary_values_are_cut():
    """One huge value does not make the saved notebook huge."""
    html = Table((("a", "string"), ("b", "binary")), [["x" * 10**6, b"\0" * 10**6]]).as_html()
    assert len(html) < 3 * CELL_CHARACTERS


def test_values_read_as_spark_writes_them():
    """Booleans are lower case, dates ISO, binary hexadecimal."""
    columns = (("a", "boolean"), ("b", "date"), ("c", "binary"))
    text = Table(columns, [[True, date(2013, 1, 1), b"\x01"]]).as_text()
    assert text.splitlines()[1].split() == ["true", "2013-01-01", "0x01"]


def test_a_table_without_rows_or_columns():
    """An empty table still shows its header."""
    assert Table((("a", "int"),), []).as_text() == "a\n(0 rows)"
    assert Table((), []).as_text() == "\n(0 rows)"
