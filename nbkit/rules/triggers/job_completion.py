"""`trigger.job_completion`: when other jobs have ended, each anew since the last time.

SUCCESS takes runs in which a later task recovered what failed; a skipped run has not ended. The
latest match of each job counts.
https://docs.databricks.com/aws/en/jobs/job-completion-triggers
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.rules.triggers.deciding import Decision, Firing

if TYPE_CHECKING:
    from nbkit.graph.triggers import JobCompletionTrigger
    from nbkit.rules.triggers.deciding import Facts, Memory

_GOOD = ("SUCCESS", "SUCCESS_WITH_FAILURES")
_NOT_RUN = ("MAXIMUM_CONCURRENT_RUNS_REACHED", "EXCLUDED", "DISABLED")
_CANCELED = ("CANCELED", "UPSTREAM_CANCELED")


def decide(trigger: JobCompletionTrigger, memory: Memory | None, facts: Facts) -> Decision:
    """Decide whether all jobs have ended as the trigger wants."""
    wanted = [each.job_id for each in trigger.jobs]
    if not wanted:
        return Decision(memory, reason="it names no job")
    matched = dict(memory["matched"]) if memory else {}
    before = memory["seen"] if memory else {}
    seen = dict(before)
    for name in wanted:
        if name not in facts.completions:
            continue
        ends = facts.completions[name]
        marks = set(before.get(name, ()))
        for end in ends:
            is_new = end.mark not in marks if name in before else end.at > facts.since
            if is_new and _matches(end.result, trigger.if_status or "DONE"):
                matched[name] = [end.run_id, end.result, end.at]
        seen[name] = sorted(end.mark for end in ends)
    kept = {"seen": seen, "matched": matched}
    missing = [name for name in wanted if name not in facts.completions]
    if missing:
        return Decision(kept, reason=f"no job {', '.join(missing)} is deployed")
    if not set(wanted) <= matched.keys():
        return Decision(kept)
    ended = [
        {"job_id": name, "run_id": matched[name][0], "result_state": matched[name][1]}
        for name in wanted
    ]
    info = {"time": facts.now, "job_completion.completed_jobs": ended}
    return Decision({"seen": seen, "matched": {}}, Firing(facts.now, "job_completion", info))


def _matches(result: str, wanted: str) -> bool:
    if result in _NOT_RUN:
        return False
    if wanted == "SUCCESS":
        return result in _GOOD
    return wanted == "DONE" or result not in (*_GOOD, *_CANCELED)
