"""What a `COPY INTO` asks for."""

from __future__ import annotations

from nbkit.dialect.copy_into import Copy, parsed


def test_files_of_a_folder():
    """Options of the files and of the copy are told apart; comments are nothing."""
    said = parsed("""
        -- every day
        COPY INTO main.bronze.`orders`
        FROM '/Volumes/main/raw/in' -- the landing zone
        FILEFORMAT = CSV
        FORMAT_OPTIONS ('header' = 'true', "sep" = ';', inferSchema = true, 'quote' = '(')
        COPY_OPTIONS ('mergeSchema' = 'true')
    """)
    reading = {"header": "true", "sep": ";", "inferSchema": "true", "quote": "("}
    assert said == Copy(
        "main.bronze.`orders`",
        "/Volumes/main/raw/in",
        "CSV",
        reading=reading,
        writing={"mergeSchema": "true"},
    )


def test_columns_and_single_files():
    """A query over the files, a pattern, or some of them by name."""
    said = parsed("COPY INTO t FROM (SELECT id::INT, f('x') FROM '/in') FILEFORMAT = JSON")
    assert said == Copy("t", "/in", "JSON", "id::INT, f('x')")
    assert parsed("copy into t from '/in/' fileformat = csv pattern = '*.csv'").path == "/in/*.csv"
    said = parsed("COPY INTO t FROM '/in' FILEFORMAT = CSV FILES = ('a.csv', 'b.csv')")
    assert said.path == "/in/{a.csv,b.csv}"


def test_other_statements_are_none():
    """Also one that only speaks of it."""
    assert parsed("SELECT 'COPY INTO t FROM x FILEFORMAT = CSV'") is None
    assert parsed("SELECT 1") is None
