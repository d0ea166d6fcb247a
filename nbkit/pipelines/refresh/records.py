"""What the last refresh of a view has noted, wherever it stands.

Who replaces all rows writes it into the table's properties. A commit that changes some rows can
write no properties, and has it in its own notes; so the newest of such commits counts.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbkit.pipelines.refresh.partial_writes import noted_in
from nbkit.pipelines.refresh.source_changes import change_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.pipelines.files.hadoop_folder import HadoopFolder

_MOST = 100
"""Commits that are looked through."""


def last_record(
    log: HadoopFolder, number: int, of_properties: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return what the last refresh has noted, with the version that the table has by it.

    Commits that change no rows, such as those of OPTIMIZE, are passed over: the record is as good
    as if it were theirs.

    Args:
        log: the folder of the table's log.
        number: the version of the table.
        of_properties: the record in its properties.
    """
    first = of_properties.get("number")
    if first is None or first >= number:
        return of_properties
    for at in range(number, max(first, number - _MOST), -1):
        text = (log / f"{at:020}.json").read()
        if text is None:
            return of_properties
        found = noted_in(text)
        if found is not None:  # at another number than its own, somebody came between
            return {**found, "number": number} if found.get("number") == at else found
        actions = (json.loads(line) for line in text.splitlines() if line.strip())
        if change_in(actions).kind != "none":
            return of_properties
    quiet = number - first <= _MOST
    return {**of_properties, "number": number} if quiet else of_properties
