"""`continuous`: one run after the other, for ever; after failures, later and later.

The wait doubles with each failure in a row, up to a cap, and never ends; a success resets it. A run
that somebody cancelled is no failure: the next one begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.rules.triggers.deciding import Decision, Firing, utc

if TYPE_CHECKING:
    from nbkit.rules.triggers.deciding import Facts, Memory

FIRST_WAIT_MS = 10_000
LONGEST_WAIT_MS = 600_000
_AT_ONCE_MS = 1_000
_NO_FAILURE = ("SUCCESS", "SUCCESS_WITH_FAILURES", "CANCELED")


def decide(memory: Memory | None, facts: Facts) -> Decision:
    """Decide whether the next run is to begin."""
    failures, counted = (memory["failures"], memory["counted"]) if memory else (0, 0)
    kept = {"failures": failures, "counted": counted}
    if facts.active:
        return Decision(kept)
    own = facts.own
    if own is not None and own.ended_at is not None:
        if counted != own.run_id:
            failures = 0 if own.result in _NO_FAILURE else failures + 1
            kept = {"failures": failures, "counted": own.run_id}
        due = min(own.ended_at, facts.now) + wait(failures)
        if facts.now < due:
            reason = f"{failures} runs failed in a row; the next one begins at {utc(due)}"
            return Decision(kept, look_at=due, reason=reason if failures else "")
    return Decision(kept, Firing(facts.now, "continuous", {"time": facts.now}))


def wait(failures: int) -> int:
    """Return how many milliseconds are between the end of a run and the next one."""
    if not failures:
        return _AT_ONCE_MS
    return int(min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** min(failures - 1, 20)))
