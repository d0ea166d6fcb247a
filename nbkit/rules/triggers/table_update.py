"""`trigger.table_update`: when tables have new commits: any of them, or all since the last time.

The shortest time between two runs counts from the end of the one before, and after it the wait
from the last commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.rules.triggers.deciding import Decision, Firing

if TYPE_CHECKING:
    from nbkit.graph.triggers import TableUpdateTrigger
    from nbkit.rules.triggers.deciding import Facts, Memory, Version


def decide(trigger: TableUpdateTrigger, memory: Memory | None, facts: Facts) -> Decision:
    """Decide whether enough tables have changed, and long enough ago."""
    now = facts.now
    there = {name: version for name, version in facts.versions.items() if version is not None}
    seen = {name: list(at) for name, at in memory["seen"].items()} if memory else {}
    pending = dict(memory["pending"]) if memory else {}
    changed_at = min(memory["changed_at"], now) if memory else 0
    for name, version in there.items():
        new = _is_new(version, seen.get(name), facts.since, first=memory is None)
        seen[name] = list(version)
        if new:
            pending[name] = list(version)
            changed_at = now
    kept = {"seen": seen, "pending": pending, "changed_at": changed_at}
    wanted = set(trigger.table_names)
    updated = [name for name in trigger.table_names if name in pending]
    enough = wanted <= set(updated) if trigger.condition == "ALL_UPDATED" else bool(updated)
    if not enough:
        missing = [name for name in trigger.table_names if name not in there]
        none = f"there is no Delta table {', '.join(missing)}" if missing else ""
        return Decision(kept, reason=none)
    if now < changed_at + (trigger.wait_after_last_change_seconds or 0) * 1000:
        return Decision(kept, reason="tables have changed; it waits as it is told to")
    if _too_early(trigger.min_time_between_triggers_seconds or 0, facts):
        return Decision(kept, reason="tables have changed; the run before is not long enough ago")
    info = {"time": now, "table_update.updated_tables": updated}
    for name in updated:
        number, at = pending[name]
        info[f"table_update.{name}.version"] = number
        info[f"table_update.{name}.commit_timestamp"] = at
    return Decision({**kept, "pending": {}}, Firing(now, "table", info))


def _is_new(version: Version, seen: list[int] | None, since: int, *, first: bool) -> bool:
    """Tell whether a version was not seen yet; one that was there at the deployment is not new."""
    if first:
        return version.at > since
    return seen != list(version)


def _too_early(seconds: int, facts: Facts) -> bool:
    if not seconds or facts.own is None:
        return False
    return facts.own.ended_at is None or facts.now < facts.own.ended_at + seconds * 1000
