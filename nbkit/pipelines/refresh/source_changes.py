"""What became of a Delta table between two versions, as the commits in its log tell."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nbkit.pipelines.files.hadoop_folder import HadoopFolder

Change = Literal["none", "appended", "changed", "unknown"]
"""No row has changed; rows were only added; others were changed as well; nobody knows."""

_ABOUT_NOTHING = {"commitInfo", "txn", "checkpointMetadata", "sidecar"}
_MOST = 1000
"""Commits that are looked through; after more of them it is cheaper to begin anew."""


@dataclass(frozen=True, slots=True)
class SourceChange:
    """What became of a source since a refresh.

    Attributes:
        kind: the most that has happened to its rows.
        files: that were added with new rows.
        bytes: of these files.
        touched: about how many bytes one reads to know which rows have changed: those of its
            change feed, else those of the files that came and went.
        rows: in the added files; None where the log does not tell.
        feed: whether it has a change feed.
        size: bytes of the whole source by now; None where nobody has looked.
    """

    kind: Change
    files: int = 0
    bytes: int = 0
    touched: int = 0
    rows: int | None = 0
    feed: bool = False
    size: int | None = None

    def plus(self, later: SourceChange) -> SourceChange:
        """Return this change and a later one together."""
        most = max(self.kind, later.kind, key=_ORDER.index)
        rows = None if self.rows is None or later.rows is None else self.rows + later.rows
        return SourceChange(
            most,
            self.files + later.files,
            self.bytes + later.bytes,
            self.touched + later.touched,
            rows,
        )


_ORDER: tuple[Change, ...] = ("none", "appended", "changed", "unknown")

UNKNOWN = SourceChange("unknown")


def change_in(actions: Iterable[Mapping[str, Any]]) -> SourceChange:
    """Return what the actions of a commit have done to a table's rows.

    Files that are rewritten without a change of data, as OPTIMIZE does, are no change.
    """
    kind: Change = "none"
    files = size = gone = told_apart = 0
    rows: int | None = 0
    for action in actions:
        for name, told in action.items():
            if name == "add" and told.get("dataChange", True):
                files += 1
                size += int(told.get("size", 0))
                counted = _rows(told)
                rows = None if rows is None or counted is None else rows + counted
                kind = "changed" if told.get("deletionVector") or kind == "changed" else "appended"
            elif name == "remove" and told.get("dataChange", True):
                gone += int(told.get("size") or 0)
                kind = "changed"
            elif name == "cdc":
                told_apart += int(told.get("size", 0))
            elif name == "domainMetadata":
                continue  # row ids and clustering: how rows lie, and not what they are
            elif name not in {*_ABOUT_NOTHING, "add", "remove"}:
                return UNKNOWN  # other columns, another protocol, or a kind of action not known
    return SourceChange(kind, files, size, told_apart or size + gone, rows)


def _rows(added: Mapping[str, Any]) -> int | None:
    """Return how many rows a file has, as its statistics tell."""
    try:
        return int(json.loads(added["stats"])["numRecords"])
    except (KeyError, TypeError, ValueError):
        return None


def change_between(log: HadoopFolder, before: str, now: str) -> SourceChange:
    """Return what became of a table.

    Args:
        log: the folder of its log.
        before: its identity and version then, as `query_plan.version_of` gives them.
        now: and now.
    """
    table, _, first = before.rpartition(":")
    same, _, last = now.rpartition(":")
    if not (first.isdigit() and last.isdigit()) or table != same:
        return UNKNOWN
    numbers = range(int(first) + 1, int(last) + 1)
    if int(last) < int(first) or len(numbers) > _MOST:
        return UNKNOWN
    found = SourceChange("none")
    for number in numbers:
        text = (log / f"{number:020}.json").read()
        if text is None:  # cleaned up since, or written by a coordinator
            return UNKNOWN
        actions = [json.loads(line) for line in text.splitlines() if line.strip()]
        found = found.plus(change_in(actions))
    return found
