"""How long it took to refresh a view the last time, by the ways there are, and what was counted.

It helps to choose a way of refreshing, and to go on counting: a note that is lost, or of another
refresh than the last, costs time.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbkit.pipelines.files.hadoop_folder import HadoopFolder


@dataclass(frozen=True, slots=True)
class FullTime:
    """What replacing all rows took, and what other ways took since.

    Attributes:
        seconds: from the query to the commit; None if it is not known.
        rows: that the table had after the last refresh; None if nobody has counted.
        others: by name of another way: seconds that it took the last time, and how many bytes of
            changes there were.
        refresh: which refresh of the table the counts are of.
        counted: what its expectations have counted of the whole table.
    """

    seconds: float | None = None
    rows: int | None = None
    others: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    refresh: str = ""
    counted: Mapping[str, int] = field(default_factory=dict)


def of(storage: HadoopFolder, key: str) -> FullTime:
    """Return what was noted of a view."""
    text = _note(storage, key).read()
    try:
        return FullTime(**json.loads(text)) if text else FullTime()
    except (ValueError, TypeError):  # half a file, or another version's
        return FullTime()


def note(storage: HadoopFolder, key: str, took: FullTime) -> None:
    """Note what it took."""
    _note(storage, key).write(json.dumps(asdict(took)))


def _note(storage: HadoopFolder, key: str) -> HadoopFolder:
    return storage / "refreshes" / f"{key}.json"
