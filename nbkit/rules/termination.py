"""How results are spelled as termination codes, their types, and a sentence for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from nbkit.errors import Cause, Failure
    from nbkit.events import ResultState

CodeType = Literal["SUCCESS", "CLIENT_ERROR", "INTERNAL_ERROR", "CLOUD_FAILURE"]

_CODES: dict[ResultState, str] = {
    "SUCCESS": "SUCCESS",
    "SUCCESS_WITH_FAILURES": "SUCCESS_WITH_FAILURES",
    "FAILED": "RUN_EXECUTION_ERROR",
    "TIMEDOUT": "CANCELED",  # the Jobs API: cancelled by the platform, as its time was up
    "CANCELED": "USER_CANCELED",
    "MAXIMUM_CONCURRENT_RUNS_REACHED": "MAX_CONCURRENT_RUNS_EXCEEDED",
    "EXCLUDED": "SKIPPED",
    "UPSTREAM_FAILED": "SKIPPED",
    "UPSTREAM_CANCELED": "SKIPPED",
    "DISABLED": "DISABLED",
}
_FAILURE_CODES: dict[Cause, str] = {
    "kernel_died": "DRIVER_ERROR",
    "kernel_not_started": "DRIVER_ERROR",
    "driver_lost": "DRIVER_ERROR",
    "notebook_unreadable": "RESOURCE_NOT_FOUND",
    "invalid_reference": "INVALID_RUN_CONFIGURATION",
    "condition_error": "INVALID_RUN_CONFIGURATION",
    "unsupported": "INVALID_RUN_CONFIGURATION",
    "orchestrator_lost": "INTERNAL_ERROR",
    "internal": "INTERNAL_ERROR",
}
_TYPES: dict[str, CodeType] = {
    "SUCCESS": "SUCCESS",
    "SUCCESS_WITH_FAILURES": "SUCCESS",
    "SKIPPED": "SUCCESS",
    "DISABLED": "SUCCESS",
    "INTERNAL_ERROR": "INTERNAL_ERROR",
}


def code_of(result: ResultState, failure: Failure | None = None) -> str:
    """Return the termination code of a task or run that ended with `result`."""
    if result == "FAILED" and failure is not None:
        return _FAILURE_CODES.get(failure.cause, _CODES[result])
    if result == "CANCELED" and failure is not None and failure.cause != "canceled":
        return "CANCELED"
    return _CODES[result]


def type_of(code: str) -> CodeType:
    """Return the type of a termination code."""
    return _TYPES.get(code, "CLIENT_ERROR")


def message_of(result: ResultState, failure: Failure | None = None) -> str:
    """Return what to tell a person about an attempt that ended with `result`."""
    if failure is not None and failure.message:
        return failure.message
    if result == "SUCCESS":
        return ""
    return {
        "TIMEDOUT": "It ran out of time.",
        "CANCELED": "It was cancelled.",
        "EXCLUDED": "It cannot run here and was left out.",
    }.get(result, "It failed.")
