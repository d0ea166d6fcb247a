"""`trigger.periodic`: every so often, counted from the deployment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from nbkit.rules.triggers.deciding import Decision, Firing, late

if TYPE_CHECKING:
    from nbkit.graph.triggers import PeriodicTrigger
    from nbkit.rules.triggers.deciding import Facts, Memory

_MILLISECOND = timedelta(milliseconds=1)
_NEVER = 3_600_000


def decide(periodic: PeriodicTrigger, memory: Memory | None, facts: Facts) -> Decision:
    """Decide whether it is time."""
    last = min(memory["last"] if memory else facts.since, facts.now)
    try:
        every = timedelta(**{periodic.unit.lower(): periodic.interval}) // _MILLISECOND
    except OverflowError:
        every = 0
    if every < 1:  # no time, of which `validate` warns, or longer than any calendar
        return Decision({"last": last}, look_at=facts.now + _NEVER)
    times = (facts.now - last) // every
    if times < 1:
        return Decision({"last": last}, look_at=last + every)
    latest = last + times * every
    message = late(last + every, latest, facts.now)
    firing = Firing(latest, "periodic", {"time": latest}, exact=True, message=message)
    return Decision({"last": latest}, firing)
