"""What a flow has written, as far as it was counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbkit.quality.metrics import NotMeasuredError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from nbkit.pipelines.refresh.plan import Refresh
    from nbkit.quality.metrics import Metrics
    from nbkit.quality.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Merged:
    """What changes have done to the rows of a table.

    Attributes:
        upserted: inserted or updated.
        deleted: removed.
    """

    upserted: int = 0
    deleted: int = 0

    @classmethod
    def of(cls, metrics: DataFrame) -> Merged:
        """Return what Delta says about a merge."""
        row = metrics.first()
        if row is None:  # it was committed already
            return cls()
        return cls(row.num_inserted_rows + row.num_updated_rows, row.num_deleted_rows)

    def plus(self, other: Merged) -> Merged:
        """Return both together."""
        return Merged(self.upserted + other.upserted, self.deleted + other.deleted)


@dataclass(slots=True)
class Written:
    """What became of a dataset, or of one of its flows.

    Attributes:
        rows: written; None where nobody counted.
        dropped: kept out of it by expectations, quarantined ones included.
        merged: what changes have done to it; None where it takes none.
        outcomes: of the expectations on it, and on the views that it reads.
        said: what else was done to its table, in words.
        instead: how it was refreshed, where the way that was chosen did not fit after all.
    """

    rows: int | None = 0
    dropped: int | None = 0
    merged: Merged | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    said: str = ""
    instead: Refresh | None = None

    def add(self, metrics: Metrics, *, own: bool) -> None:
        """Add what was counted; nothing where no rows came.

        Args:
            metrics: of the dataset, or of a view that it reads.
            own: whether they are the dataset's.
        """
        try:
            outcome = metrics.read()
        except NotMeasuredError:
            return
        if own:
            self.rows = (self.rows or 0) + outcome.kept
            self.dropped = (self.dropped or 0) + outcome.rows - outcome.kept
        self._take(outcome)

    def add_merged(self, merged: Merged) -> None:
        """Add what a merge of changes has done."""
        self.merged = (self.merged or Merged()).plus(merged)
        self.rows = (self.rows or 0) + merged.upserted + merged.deleted

    def include(self, other: Written) -> None:
        """Add what another flow has written."""
        if other.merged is not None:
            self.merged = (self.merged or Merged()).plus(other.merged)
        self.rows = (self.rows or 0) + (other.rows or 0)
        self.dropped = (self.dropped or 0) + (other.dropped or 0)
        for outcome in other.outcomes:
            self._take(outcome)

    def _take(self, outcome: Outcome) -> None:
        """Add an outcome to what is known about its dataset."""
        known = next((each for each in self.outcomes if each.dataset == outcome.dataset), None)
        if known is None:
            self.outcomes.append(outcome)
            return
        self.outcomes[self.outcomes.index(known)] = known.plus(outcome)
