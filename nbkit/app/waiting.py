"""Why a deployed job does not start, and what it waits for: what the service would decide now.

It asks the same facts and the same rules as the service does, and puts nothing on record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nbkit.app.decided import decided, remembered
from nbkit.app.deployed import definition_of
from nbkit.app.facts import FAR_SECONDS, look_every, outside
from nbkit.app.serving import NO_SERVICE
from nbkit.errors import NbkitError
from nbkit.rules.triggers.kinds import paused_kinds
from nbkit.rules.triggers.waiting import awaited, overdue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbkit.app.decided import KnownJob
    from nbkit.ledger.deployed import DeployedJob
    from nbkit.ledger.watching import Watches
    from nbkit.rules.triggers.kinds import Trigger
    from nbkit.settings import Settings

_SKIPPED = "MAXIMUM_CONCURRENT_RUNS_REACHED"
_SOON = "; the service starts it in a moment"


class Wait(NamedTuple):
    """Something that a job waits for; `trigger` is its kind, empty for what concerns them all."""

    trigger: str
    message: str

    def __str__(self) -> str:
        """Return it as one sentence."""
        return f"{self.trigger}: {self.message}" if self.trigger else self.message


def waits_of_triggers(
    known: KnownJob,
    jobs: Sequence[DeployedJob],
    watches: Watches,
    settings: Settings,
    *,
    served: bool,
) -> tuple[Wait, ...]:
    """Return what the triggers of a job wait for.

    Args:
        known: the job.
        jobs: all that are deployed.
        watches: what triggers have seen.
        settings: of the project.
        served: whether a service looks at them.
    """
    if known.read is None:
        return ()
    found = [] if served or not known.triggers else [Wait("", NO_SERVICE)]
    for trigger in known.triggers:
        try:
            said = _of_trigger(trigger, known.job, jobs, watches, settings, served=served)
        except (NbkitError, ValueError) as error:
            said = str(error).splitlines()[0]
        if said:
            found.append(Wait(trigger.kind, said))
    found += [Wait(kind, "paused; `nbkit resume` ends that") for kind in paused_kinds(known.read)]
    return tuple(found)


def waits_of_runs(records: Sequence[dict[str, Any]]) -> Iterator[Wait]:
    """Yield which runs of a job wait, the oldest first, or that its last one was skipped, and why.

    Args:
        records: of its latest runs, the newest first.
    """
    for record in reversed(records):
        state = record["state"]
        if state["life_cycle_state"] == "QUEUED":
            yield Wait("", f"run {record['run_id']} waits: {state['state_message']}")
        elif state["life_cycle_state"] == "PENDING":
            yield Wait("", f"run {record['run_id']} is planned, and has not begun yet")
    last = records[0]["state"] if records else {}
    if last.get("result_state") == _SKIPPED:
        yield Wait("", f"run {records[0]['run_id']} was skipped: {last['state_message']}")


def waits_of_files(job: DeployedJob, settings: Settings) -> Iterator[Wait]:
    """Yield that a run of a job would fail at once, if it would: a notebook of it is gone."""
    try:
        definition_of(job, settings.root)
    except NbkitError as error:
        text = " ".join(line.strip() for line in str(error).splitlines())
        yield Wait("", f"a run would fail: {text}")


def _of_trigger(
    trigger: Trigger,
    job: DeployedJob,
    jobs: Sequence[DeployedJob],
    watches: Watches,
    settings: Settings,
    *,
    served: bool,
) -> str:
    every = look_every(trigger, settings)
    if every >= FAR_SECONDS:  # a person who asks is not to wait for another machine
        return "the service looks at what it waits for once a minute: it is on another machine"
    seen = outside(trigger, job, settings) if every else {}
    known, now = remembered(trigger, job, watches), watches.now()
    facts, decision = decided(trigger, job, watches, known, now=now, jobs=jobs, seen=seen)
    firing = decision.firing
    if firing is None:
        return awaited(trigger, decision, facts)
    return overdue(firing.planned_at, exact=firing.exact) + (_SOON if served else "")
