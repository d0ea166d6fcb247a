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
    """

    kind: Change
    files: int = 0
    bytes: int = 0


UNKNOWN = SourceChange("unknown")


def change_in(actions: Iterable[Mapping[str, Any]]) -> SourceChange:
    """Return what the actions of some commits have done to a table's rows.

    Files that are rewritten without a change of data, as OPTIMIZE does, are no change.
    """
    kind: Change = "none"
    files = size = 0
    for action in actions:
        for name, told in action.items():
            if name == "add" and told.get("dataChange", True):
                files += 1
                size += int(told.get("size", 0))
                kind = "changed" if told.get("deletionVector") or kind == "changed" else "appended"
            elif name == "remove" and told.get("dataChange", True):
                kind = "changed"
            elif name == "domainMetadata":
                continue  # row ids and clustering: how rows lie, and not what they are
            elif name not in {*_ABOUT_NOTHING, "add", "remove", "cdc"}:
                return UNKNOWN  # other columns, another protocol, or a kind of action not known
    return SourceChange(kind, files, size)


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
    found: list[dict[str, Any]] = []
    for number in numbers:
        text = (log / f"{number:020}.json").read()
        if text is None:  # cleaned up since, or written by a coordinator
            return UNKNOWN
        found += [json.loads(line) for line in text.splitlines() if line.strip()]
    return change_in(found)
