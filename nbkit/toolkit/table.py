"""A table of values as HTML and as text, everything escaped; it needs no kernel to be read."""

from __future__ import annotations

import re
import typing
from dataclasses import dataclass, replace
from html import escape

from nbkit.counted import rows as rows_in_words
from nbkit.toolkit.cell_text import CHARACTERS as CELL_CHARACTERS
from nbkit.toolkit.cell_text import text_of

if typing.TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CELL_CHARACTERS", "Table", "kind_of"]

HTML_ROWS = 100
HTML_CHARACTERS = 200_000
"""Most of a table that a saved notebook holds."""
TEXT_ROWS = 20
_TEXT_WIDTH = 30
_NUMBER = re.compile(
    r"u?int\d*|tinyint|smallint|bigint|float\d*|double|decimal(\(.*)?", re.IGNORECASE
)
_TIME = re.compile(r"date|timestamp.*|datetime.*", re.IGNORECASE)

Kind = typing.Literal["number", "time", "text"]


def kind_of(type_name: str) -> Kind:
    """Return how values of a type of Spark, pandas or Python are ordered, aligned and drawn."""
    if _NUMBER.fullmatch(type_name):
        return "number"
    return "time" if _TIME.fullmatch(type_name) else "text"


@dataclass(frozen=True, slots=True)
class Table:
    """Some rows of a table, all columns.

    Attributes:
        columns: name and type of each column.
        rows: values, as Python has them.
        more: whether the table has rows beyond these.
        note: what else a reader must know about these rows; empty for nothing.
    """

    columns: tuple[tuple[str, str], ...]
    rows: Sequence[Sequence[typing.Any]]
    more: bool = False
    note: str = ""

    def caption(self, shown: int | None = None) -> str:
        """Say how much of the table this is, or the first `shown` of these rows are."""
        here = len(self.rows)
        shown = here if shown is None else shown
        if self.more:
            caption = f"first {rows_in_words(shown)}; the table has more"
        else:
            caption = (
                rows_in_words(here)
                if shown == here
                else f"first {shown:,} of {rows_in_words(here)}"
            )
        return f"{caption}; {self.note}" if self.note else caption

    def texts(self) -> list[list[str | None]]:
        """Return the values as text; None where there is none."""
        return [[text_of(value) for value in row] for row in self.rows]

    def within(self, characters: int) -> Table:
        """Return as many of the first rows as have so many characters of text, at least one."""
        for index, row in enumerate(self.texts()):
            characters -= sum(len(text or "null") + 3 for text in row)
            if characters < 0 and index:
                return replace(self, rows=self.rows[:index], more=True)
        return self

    def as_html(self, rows: int = HTML_ROWS) -> str:
        """Return the first rows as HTML without scripts, for saved notebooks and reports."""
        shown = self._first(rows)
        kinds = [kind_of(type_name) for _, type_name in self.columns]
        head = "".join(
            f'<th scope="col" style="text-align:left">{escape(name)}<br>'
            f'<small style="font-weight:normal;opacity:.6">{escape(type_name)}</small></th>'
            for name, type_name in self.columns
        )
        body = "\n".join(
            f"<tr>{''.join(map(_html_cell, row, kinds))}</tr>" for row in shown.texts()
        )
        return (
            # The classes keep a `$` in a cell from being read as LaTeX.
            '<div class="nbkit-table tex2jax_ignore mathjax_ignore" '
            'style="max-height:30em;overflow:auto"><table>\n'
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>\n"
            f"<small>{escape(self.caption(len(shown.rows)))}</small>"
        )

    def as_text(self) -> str:
        """Return the first rows as text, for front ends without HTML."""
        shown = self.rows[:TEXT_ROWS]
        lines = [[name for name, _ in self.columns]]
        lines += [[_one_line(value) for value in row] for row in shown]
        widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
        text = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        ]
        return "\n".join([*text, f"({self.caption(len(shown))})"])

    def _first(self, rows: int) -> Table:
        """Return what goes into a saved notebook."""
        return replace(self, rows=self.rows[:rows]).within(HTML_CHARACTERS)


def _html_cell(text: str | None, kind: Kind) -> str:
    if text is None:
        return '<td><i style="opacity:.5">null</i></td>'
    align = "right" if kind == "number" else "left"
    return f'<td style="text-align:{align}">{escape(text)}</td>'


def _one_line(value: typing.Any) -> str:
    text = text_of(value)
    line = "null" if text is None else " ".join(text.split())
    return line if len(line) <= _TEXT_WIDTH else line[: _TEXT_WIDTH - 1] + "…"
