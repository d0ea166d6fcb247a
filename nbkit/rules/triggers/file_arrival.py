"""`trigger.file_arrival`: when files come that were not there before; changed ones are not new.

A file that is removed and comes again is new. `wait_after_last_change_seconds` counts from the
last arrival, `min_time_between_triggers_seconds` from the last firing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.rules.triggers.deciding import Decision, Firing

if TYPE_CHECKING:
    from nbkit.graph.triggers import FileArrivalTrigger
    from nbkit.rules.triggers.deciding import Facts, Memory

MOST_FILES = 10_000
"""As on Databricks without file events."""


def decide(trigger: FileArrivalTrigger, memory: Memory | None, facts: Facts) -> Decision:
    """Decide whether files have arrived, and long enough ago."""
    now = facts.now
    if len(facts.files) > MOST_FILES:
        return Decision(
            memory,
            reason=f"{trigger.url} has more than {MOST_FILES:,} files; name a folder with fewer",
        )
    if memory:
        known = set(memory["known"])
    else:
        known = {name for name, at in facts.files.items() if at <= facts.since}
    before = set(memory["new"]) if memory else set()
    new = facts.files.keys() - known
    changed_at = min(memory["changed_at"], now) if memory else 0
    fired_at = min(memory["fired_at"], now) if memory else 0
    if new - before:
        changed_at = now
    kept = {
        "known": sorted(known & facts.files.keys()),
        "new": sorted(new),
        "changed_at": changed_at,
        "fired_at": fired_at,
    }
    if not new:
        return Decision(kept)
    due = max(
        changed_at + (trigger.wait_after_last_change_seconds or 0) * 1000,
        fired_at + (trigger.min_time_between_triggers_seconds or 0) * 1000 if fired_at else 0,
    )
    if now < due:
        return Decision(kept, reason=f"{len(new)} files have arrived; it waits as it is told to")
    after = {"known": sorted(facts.files), "new": [], "changed_at": changed_at, "fired_at": now}
    info = {"time": now, "file_arrival.location": trigger.url}
    return Decision(after, Firing(now, "file_arrival", info))
