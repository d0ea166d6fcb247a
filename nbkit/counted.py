"""How many rows, in words: the one place that knows of "1 row"."""

from __future__ import annotations


def rows(number: int) -> str:
    """Return a number of rows in words: `1 row`, `1,234 rows`."""
    return "1 row" if number == 1 else f"{number:,} rows"


def kept_out(dropped: int | None, quarantined: int | None = 0, where: str = "") -> str:
    """Return rows that were kept out of a table in words: `3 quarantined in s.t, 2 dropped`.

    Args:
        dropped: all that were kept out, quarantined ones included.
        quarantined: those of them that are in a table of their own.
        where: that table; empty if nobody knows.
    """
    aside, gone = quarantined or 0, (dropped or 0) - (quarantined or 0)
    parts = [f"{aside:,} quarantined{f' in {where}' if where else ''}"] if aside else []
    return ", ".join([*parts, f"{gone:,} dropped"] if gone else parts)


def kept_out_by(action: str) -> str:
    """Return the word for rows that an expectation kept out of a table."""
    return "quarantined" if action == "quarantine" else "dropped"
