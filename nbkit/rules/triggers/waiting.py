"""What a trigger waits for, in words: of the very decision that the service makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from nbkit.rules.triggers.deciding import utc

if TYPE_CHECKING:
    from collections.abc import Collection

    from nbkit.rules.triggers.deciding import Decision, Facts
    from nbkit.rules.triggers.kinds import Trigger


def awaited(trigger: Trigger, decision: Decision, facts: Facts) -> str:
    """Return what a trigger that does not fire waits for; nothing where a time says it.

    Args:
        trigger: which.
        decision: about it, which is no firing.
        facts: that it was made from.
    """
    if decision.reason:
        return decision.reason
    wanted, kept = cast("Any", trigger.settings), decision.memory or {}
    match trigger.kind:
        case "file_arrival":
            return f"no new file in {wanted.url}"
        case "table_update":
            return _tables(wanted.table_names, kept.get("pending", {}))
        case "job_completion":
            names = [each.job_id for each in wanted.jobs]
            return _jobs(names, kept.get("matched", {}), wanted.if_status or "DONE")
        case "continuous":
            return "the run before goes on" if facts.active else ""
    return ""


def overdue(planned_at: int, *, exact: bool) -> str:
    """Return what there is to say of a firing that is not on record.

    Args:
        planned_at: the time that it is for.
        exact: whether that time was planned, or is only when it was seen.
    """
    if not exact:
        return "what it waits for has happened"
    return f"its time was {utc(planned_at)}"


def _tables(names: Collection[str], changed: Collection[str]) -> str:
    missing = ", ".join(name for name in names if name not in changed)
    if not changed:
        return f"no new commit of {missing}"
    return f"{', '.join(changed)} changed; no new commit of {missing} yet"


def _jobs(names: Collection[str], ended: Collection[str], status: str) -> str:
    missing = ", ".join(name for name in names if name not in ended)
    end = {"SUCCESS": "successful end", "FAILED": "failed end"}.get(status, "end")
    return f"no new {end} of {missing}"
