"""What happens in an update, as it happens: one value per dataset and change of state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from nbkit.pipelines.plan import How
    from nbkit.pipelines.written import Merged
    from nbkit.quality.outcome import Outcome

FlowState = Literal[
    "QUEUED", "RUNNING", "COMPLETED", "FAILED", "SKIPPED", "STOPPED", "EXCLUDED", "RETRYING"
]
"""As Databricks' event log spells them; `RETRYING` is FAILED there, with another try to come."""

OVER = frozenset({"COMPLETED", "FAILED", "SKIPPED", "STOPPED", "EXCLUDED"})


@dataclass(frozen=True, slots=True)
class DatasetProgress:
    """A dataset in an update.

    Attributes:
        key: `schema.name`.
        kind: such as `materialized_view`.
        state: where it stands.
        message: for a person: how it was refreshed and why, or what went wrong.
        how: how it was, or is being, refreshed; None before that is decided.
        rows, dropped: written and kept out; None where that is not known.
        merged: what changes have done, to a table that takes them.
        started_at, ended_at: milliseconds since the epoch; 0 for not yet.
        outcomes: of expectations, on it and on the views that it reads.
        error: the exception that ended it.
    """

    key: str
    kind: str
    state: FlowState
    message: str = ""
    how: How | None = None
    rows: int | None = None
    dropped: int | None = None
    merged: Merged | None = None
    started_at: int = 0
    ended_at: int = 0
    outcomes: tuple[Outcome, ...] = field(default=(), compare=False)
    error: BaseException | None = field(default=None, compare=False)


Listener = "Callable[[DatasetProgress], None]"
