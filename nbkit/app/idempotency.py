"""The same token, the same run: asking twice runs once."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from nbkit.errors import UsageError
from nbkit.ledger.patience import patiently

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbkit.ledger.store import Ledger

_LONGEST = 64
_LOOK_EVERY_SECONDS = 0.2


def earlier_run(ledger: Ledger, job_id: int, token: str) -> int | None:
    """Return the run of a job that has this token; None if there is none.

    Raises:
        UsageError: the token is longer than the Jobs API takes.
    """
    if len(token) > _LONGEST:
        raise UsageError(f"an idempotency token has at most {_LONGEST} characters")
    return ledger.run_of(job_id, token)


def awaited(run_id: int, ledger: Ledger, known: Callable[[int], None] | None = None) -> int:
    """Wait until nobody drives the run any more, tell `known` of it, and return its id."""
    while patiently(partial(ledger.is_live, run_id), ledger.shown)[0]:
        time.sleep(_LOOK_EVERY_SECONDS)
    if known is not None:
        known(run_id)
    return run_id
