"""Whether a run over `max_concurrent_runs` waits for its turn, and for how long at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbkit.graph.model import Job

LONGEST_WAIT_HOURS = 48
"""How long Databricks keeps a run in the queue."""


def waits(job: Job) -> bool:
    """Return whether runs over the limit wait; bundles and the API 2.2 have the queue on."""
    return job.max_concurrent_runs > 0 and (job.queue is None or job.queue.enabled)


def waited_too_long(queued_at: int, now: int) -> bool:
    """Return whether a run that waits since `queued_at` is given up; both are milliseconds."""
    return now - queued_at > LONGEST_WAIT_HOURS * 3_600_000


def too_many(job: Job) -> str:
    """Say that as many runs of the job go on as may."""
    most = job.max_concurrent_runs
    if most == 0:
        return "The job allows no runs (max_concurrent_runs is 0)."
    going = "Another run of this job is" if most == 1 else f"{most} other runs of this job are"
    return f"{going} going on (max_concurrent_runs is {most})."
