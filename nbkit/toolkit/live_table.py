"""A table that a person pages through, sorts and draws, in the browser alone."""

from __future__ import annotations

import json
import typing
from collections import deque

import traitlets

from nbkit.toolkit.live import FRONT, Live, script
from nbkit.toolkit.table import kind_of

if typing.TYPE_CHECKING:
    from nbkit.toolkit.table import Table

KEPT = 20
"""Tables that stay live; the kernel would otherwise hold the rows of every one ever shown."""

_kept: deque[LiveTable] = deque()


class LiveTable(Live):
    """Rows at hand in the browser.

    Attributes:
        data: JSON of `columns` (name, type, kind), `rows` of text or null, and the `caption`.
    """

    _esm = script("chart.js", "table.js")
    _css = (FRONT / "table.css").read_text(encoding="utf-8")

    data = traitlets.Unicode().tag(sync=True)


def live(table: Table, html: str) -> str:
    """Return the HTML of an output with a live table, and with `html` where it cannot live."""
    data = {
        "columns": [(name, kind, kind_of(kind)) for name, kind in table.columns],
        "rows": table.texts(),
        "caption": table.caption(),
    }
    shown = LiveTable(data=json.dumps(data, ensure_ascii=False))
    _kept.append(shown)
    while len(_kept) > KEPT:
        _kept.popleft().close()
    return shown.around(html)
