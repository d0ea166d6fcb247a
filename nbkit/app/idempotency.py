"""The same token, the same run: asking twice runs once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from nbkit.errors import UsageError
from nbkit.ledger.claim import is_live

if TYPE_CHECKING:
    from nbkit.ledger.store import Ledger
    from nbkit.settings import Settings

_LONGEST = 64
_LOOK_EVERY_SECONDS = 0.2
_PATIENCE_LOOKS = 10


def earlier_run(ledger: Ledger, job_id: int, token: str, settings: Settings) -> int | None:
    """Return the run of a job that has this token, once it is over; None if there is none.

    Raises:
        UsageError: the token is longer than the Jobs API takes.
    """
    if len(token) > _LONGEST:
        raise UsageError(f"an idempotency token has at most {_LONGEST} characters")
    run_id = ledger.run_of(job_id, token)
    return None if run_id is None else awaited(run_id, settings)


def awaited(run_id: int, settings: Settings) -> int:
    """Wait until nobody drives the run any more, and return its id."""
    directory = settings.runs_directory / str(run_id)
    patience = _PATIENCE_LOOKS  # between its making and its claim, a run looks like a lost one
    while is_live(directory) or (patience and not directory.exists()):
        patience -= patience > 0
        time.sleep(_LOOK_EVERY_SECONDS)
    return run_id
