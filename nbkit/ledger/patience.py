"""Wait for a ledger that does not answer for a while: a run goes on when it is back."""

from __future__ import annotations

import logging
import sqlite3
import time
from typing import TYPE_CHECKING, TypeVar

from nbkit.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tenacity import RetryCallState

_log = logging.getLogger(__name__)

_LONGEST_SECONDS = 3600
_FIRST_SECONDS = 0.1
_EVERY_SECONDS = 3
_TOLD_AFTER_SECONDS = 2

Answer = TypeVar("Answer")

_GONE = ("08", "57P", "53300", "25006", "40001", "40P01", "55P03")
"""How the states of PostgreSQL begin that pass: no connection, going down, too many connections, a
standby, a tie."""


_TAKEN = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class LedgerAwayError(SetupError):
    """The ledger does not answer now; it may again."""


def passes(error: BaseException) -> bool:
    """Tell whether what a database raised is of the kind that passes by itself."""
    original = getattr(error, "orig", None)
    if getattr(error, "connection_invalidated", False):
        return True
    code = getattr(original, "sqlite_errorcode", None)
    if isinstance(code, int):
        return code & 0xFF in _TAKEN
    state = getattr(original, "sqlstate", None)
    lost = type(original).__name__ in {"OperationalError", "InterfaceError"}
    return state.startswith(_GONE) if isinstance(state, str) else lost


def patiently(ask: Callable[[], Answer], ledger: str) -> tuple[Answer, float]:
    """Ask until the ledger answers; return the answer, and for how many seconds it was away.

    A person is told of a long wait, when it begins and when it is over.

    Raises:
        LedgerAwayError: it was away for an hour.
    """
    try:
        return ask(), 0.0
    except LedgerAwayError:
        pass
    from tenacity import (
        Retrying,
        retry_if_exception_type,
        stop_after_delay,
        wait_exponential,
    )

    since = time.monotonic()
    told = False

    def tell(state: RetryCallState) -> None:
        nonlocal told
        if not told and time.monotonic() - since > _TOLD_AFTER_SECONDS:
            told = True
            outcome = state.outcome and state.outcome.exception()
            reason = str(outcome).splitlines()[0]
            _log.warning("nbkit: %s The run waits until it answers, and loses nothing.", reason)

    retrying = Retrying(
        retry=retry_if_exception_type(LedgerAwayError),
        wait=wait_exponential(multiplier=_FIRST_SECONDS, max=_EVERY_SECONDS),
        stop=stop_after_delay(_LONGEST_SECONDS),
        before_sleep=tell,
        reraise=True,
    )
    answer = retrying(ask)
    away = time.monotonic() - since
    if told:
        _log.warning("nbkit: The ledger %s answers again, after %.0f s.", ledger, away)
    return answer, away
