"""How many rows, in words: the one place that knows of "1 row"."""

from __future__ import annotations


def rows(number: int) -> str:
    """Return a number of rows in words: `1 row`, `1,234 rows`."""
    return "1 row" if number == 1 else f"{number:,} rows"
