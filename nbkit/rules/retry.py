"""When a failed attempt is tried again, if at all.

`max_retries` counts the attempts after the first since the last repair; -1 is without end. The
interval counts from the start of the failed attempt. A timeout is retried only with
`retry_on_timeout`; a cancelled attempt never is. Nor is a failure that the next attempt is
bound to meet again (`HOPELESS`), nor one that `nbkit repair` is for. An If/else has no retries,
and of a For each the iterations are retried, by the policy of the task inside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbkit.errors import Cause
    from nbkit.graph.model import Task
    from nbkit.rules.state import AttemptState

HOPELESS: frozenset[Cause] = frozenset(
    {
        "invalid_reference",
        "condition_error",
        "notebook_unreadable",
        "unsupported",
        "canceled",
        "run_timeout",
        "orchestrator_lost",
    }
)


def retry_at(task: Task, attempt: AttemptState, retries: int) -> int | None:
    """Return when to try again after `attempt`, in epoch milliseconds; None for never.

    Args:
        task: whose policy holds; for an iteration, the task inside the For each.
        attempt: the one that just ended.
        retries: how many attempts since the last repair were retries, this one included.
    """
    if attempt.finished_at is None or not _worth_it(task, attempt):
        return None
    if 0 <= task.max_retries <= retries:
        return None
    return max(attempt.started_at + task.min_retry_interval_millis, attempt.finished_at)


def _worth_it(task: Task, attempt: AttemptState) -> bool:
    if attempt.result == "TIMEDOUT":
        return task.retry_on_timeout
    cause = attempt.failure.cause if attempt.failure else None
    return attempt.result == "FAILED" and cause not in HOPELESS
