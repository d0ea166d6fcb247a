"""What happens in an update, as it happens: one value per dataset and change of state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbkit.pipelines.refresh.plan import Facts, Refresh
    from nbkit.pipelines.refresh.written import Merged
    from nbkit.quality.outcome import Outcome

FlowState = Literal[
    "QUEUED", "RUNNING", "COMPLETED", "FAILED", "SKIPPED", "STOPPED", "EXCLUDED", "RETRYING"
]
"""As Databricks' event log spells them; `RETRYING` is FAILED there, with another try to come."""

OVER = frozenset({"COMPLETED", "FAILED", "SKIPPED", "STOPPED", "EXCLUDED"})


@dataclass(frozen=True, slots=True)
class Planned:
    """How a dataset is to be refreshed, and what that was decided by."""

    decision: Refresh
    facts: Facts


@dataclass(frozen=True, slots=True)
class DatasetProgress:
    """A dataset in an update.

    Attributes:
        key: `schema.name`.
        kind: such as `materialized_view`.
        state: where it stands.
        message: for a person: how it was refreshed and why, or what went wrong.
        how: name of the way that it was refreshed in; None before that is decided.
        rows, dropped: written and kept out; None where that is not known.
        merged: what changes have done, to a table that takes them.
        started_at, ended_at: milliseconds since the epoch; 0 for not yet.
        outcomes: of expectations, on it and on the views that it reads.
        error: the exception that ended it.
        name: what people call it; the key unless it lies in a catalog.
        planned: how it is to be refreshed; said once while it is RUNNING.
    """

    key: str
    kind: str
    state: FlowState
    message: str = ""
    how: str | None = None
    rows: int | None = None
    dropped: int | None = None
    merged: Merged | None = None
    started_at: int = 0
    ended_at: int = 0
    outcomes: tuple[Outcome, ...] = field(default=(), compare=False)
    error: BaseException | None = field(default=None, compare=False)
    name: str = ""
    planned: Planned | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Have a name in any case."""
        object.__setattr__(self, "name", self.name or self.key)

    @property
    def quarantined(self) -> int:
        """Rows that are in the quarantine beside it; they are among those that were kept out."""
        return sum(outcome.quarantined for outcome in self.outcomes)


def end_of(progress: Iterable[DatasetProgress]) -> Literal["CANCELED", "FAILED", "COMPLETED"]:
    """Return how an update ended, as Databricks' event log spells it."""
    states = {each.state for each in progress}
    return "CANCELED" if "STOPPED" in states else "FAILED" if "FAILED" in states else "COMPLETED"
