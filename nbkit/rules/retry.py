"""When a failed attempt is tried again, if at all.

`max_retries` counts the attempts after the first since the last repair; -1 is without end. The
interval counts from the start of the failed attempt. A timeout is retried only with
`retry_on_timeout`; a cancelled attempt never is. Nor is a failure that the next attempt is
bound to meet again (`HOPELESS`), nor one that `nbkit repair` is for. An If/else has no retries,
and of a For each the iterations are retried, by the policy of the task inside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.rules.triggers.continuous import wait

if TYPE_CHECKING:
    from nbkit.errors import Cause
    from nbkit.graph.model import Job, Task
    from nbkit.rules.state import AttemptState

RETRIES_ALONE = 3
"""How often the only task of a continuous job is tried again; Databricks lets nobody set it."""

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


def retries_on_failure(job: Job) -> bool:
    """Tell whether tasks of the job's continuous runs are tried again (`task_retry_mode`)."""
    starts = [job.continuous, *(each.continuous for each in job.triggers)]
    return any(each is not None and each.task_retry_mode == "ON_FAILURE" for each in starts)


def retry_in_continuous_run(
    task: Task, attempt: AttemptState, retries: int, *, alone: bool, others_at_first: bool
) -> int | None:
    """Return when a continuous run with `task_retry_mode` ON_FAILURE tries again; None for never.

    It does while another task still is in its first attempt, however often, later and later; else
    the next run does so. The only task of a job is tried again three times.

    Args:
        task: as of `retry_at`.
        attempt: as of `retry_at`.
        retries: as of `retry_at`.
        alone: whether the job has no other task.
        others_at_first: whether another task goes on in its first attempt.
    """
    if attempt.finished_at is None or not _worth_it(task, attempt):
        return None
    if retries >= RETRIES_ALONE if alone else not others_at_first:
        return None
    return attempt.finished_at + wait(retries + 1)


def _worth_it(task: Task, attempt: AttemptState) -> bool:
    if attempt.result == "TIMEDOUT":
        return task.retry_on_timeout
    cause = attempt.failure.cause if attempt.failure else None
    return attempt.result == "FAILED" and cause not in HOPELESS
