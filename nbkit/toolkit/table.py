"""A table of values as HTML and as text, everything escaped; it needs no kernel to be read."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from html import escape

if typing.TYPE_CHECKING:
    from collections.abc import Sequence

CELL_CHARACTERS = 1_000
TEXT_ROWS = 20
_TEXT_WIDTH = 30


@dataclass(frozen=True, slots=True)
class Table:
    """Some rows of a table, all columns.

    Attributes:
        columns: name and type of each column.
        rows: values, as Python has them.
        more: whether the table has rows beyond these.
    """

    columns: tuple[tuple[str, str], ...]
    rows: Sequence[Sequence[typing.Any]]
    more: bool = False

    @property
    def caption(self) -> str:
        """How much of the table this is."""
        count = f"{len(self.rows):,} row{'' if len(self.rows) == 1 else 's'}"
        return f"first {count}; the table has more" if self.more else count

    def as_html(self) -> str:
        """Return the table as HTML that also reads well in a saved notebook."""
        head = "".join(
            f'<th style="text-align:left">{escape(name)}<br>'
            f'<small style="font-weight:normal;opacity:.6">{escape(kind)}</small></th>'
            for name, kind in self.columns
        )
        body = "\n".join(
            f"<tr>{''.join(_html_cell(value) for value in row)}</tr>" for row in self.rows
        )
        return (
            '<div class="nbkit-table" style="max-height:30em;overflow:auto"><table>\n'
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>\n"
            f"<small>{escape(self.caption)}</small>"
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
        left = len(self.rows) - len(shown)
        return "\n".join([*text, f"({self.caption}{f'; {left:,} not in this text' * bool(left)})"])


def _html_cell(value: typing.Any) -> str:
    if value is None:
        return '<td><i style="opacity:.5">null</i></td>'
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    align = "right" if is_number else "left"
    return f'<td style="text-align:{align}">{escape(_text(value))}</td>'


def _text(value: typing.Any) -> str:
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, (bytes, bytearray)):
        text = "0x" + value[: CELL_CHARACTERS + 1].hex()
    else:
        text = str(value)
    return text if len(text) <= CELL_CHARACTERS else text[:CELL_CHARACTERS] + "…"


def _one_line(value: typing.Any) -> str:
    text = "null" if value is None else " ".join(_text(value).split())
    return text if len(text) <= _TEXT_WIDTH else text[: _TEXT_WIDTH - 1] + "…"
