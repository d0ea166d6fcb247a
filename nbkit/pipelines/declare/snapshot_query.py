"""Snapshots that SQL declares: a query for the rows, and one for their version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import DataFrame


@dataclass(frozen=True, slots=True)
class SnapshotQuery:
    """A function of snapshots whose one answer is what is there now.

    Attributes:
        rows: the snapshot.
        version: a row of one column that says which one it is; None for the time of the update.
    """

    rows: Callable[[], DataFrame]
    version: Callable[[], DataFrame] | None = None

    def __call__(self, last: Any) -> tuple[DataFrame, Any] | None:
        """Return the snapshot of now with its version, unless that is the last one."""
        assert self.version is not None
        found = self.version().first()
        version = None if found is None else found[0]
        return None if version is None or version == last else (self.rows(), version)
