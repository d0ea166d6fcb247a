"""Properties of tables by which those who read them can see what has changed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_FEED = {"delta.enableChangeDataFeed": "true"}
_ROWS = {"delta.enableRowTracking": "true"}
_MAPPING = "delta.columnmapping.mode"
OF_FEEDS = {"_change_type", "_commit_version", "_commit_timestamp"}
"""Columns that Delta adds in a change feed: a table that has them cannot have one."""


def tracking(
    columns: Iterable[str], declared: Mapping[str, object], there: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the properties of a table whose changes can be read.

    Args:
        columns: of the table.
        declared: properties that its author gives it: those stay as they are.
        there: properties of the table that it replaces; None for none. Delta gives row ids to a
            table from its beginning on, or by a command of its own.
    """
    names = [name.lower() for name in columns]
    numbered = there is None or _ROWS.items() <= there.items()
    wanted = dict(_ROWS) if numbered else {}
    # Delta merges into no table with a feed that has a back-tick in a name, and replaces none whose
    # columns it maps (4.4)
    mapped = any(
        name.lower() == _MAPPING and str(value).lower() != "none"
        for properties in (declared, there or {})
        for name, value in properties.items()
    )
    if OF_FEEDS.isdisjoint(names) and not any("`" in name for name in names) and not mapped:
        wanted |= _FEED
    known = {name.lower() for name in declared}
    return {name: value for name, value in wanted.items() if name.lower() not in known}
