"""How long it took to replace all rows of a view the last time, and how many there were.

It helps to choose a way of refreshing, and nothing else: a note that is lost, or wrong, costs time.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbkit.pipelines.files.hadoop_folder import HadoopFolder


@dataclass(frozen=True, slots=True)
class FullTime:
    """What replacing all rows took.

    Attributes:
        seconds: from the query to the commit; None if it is not known.
        rows: that were written; None if nobody has counted.
    """

    seconds: float | None = None
    rows: int | None = None


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
