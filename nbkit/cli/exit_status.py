"""What the program answers with: a contract that scripts rely on."""

from __future__ import annotations

SUCCEEDED = 0
FAILED = 1
USAGE = 2
SETUP = 3
CANCELED = 130

MEANING = {
    SUCCEEDED: "the run succeeded, also with failures that a later task recovered",
    FAILED: "the run failed, timed out or was skipped",
    USAGE: "wrong usage or an invalid definition; nothing ran",
    SETUP: "this machine cannot run it: no Java, no jars, no driver",
    CANCELED: "the run was cancelled",
}


def of_result(result: str | None) -> int:
    """Return the exit status for a run's result state, as the Jobs API spells it."""
    if result in ("SUCCESS", "SUCCESS_WITH_FAILURES"):
        return SUCCEEDED
    return CANCELED if result == "CANCELED" else FAILED
