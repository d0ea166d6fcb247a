"""What a trigger of a deployed job has seen, and what its rules make of that now.

The one place where memory, facts and decision are put together: the service acts on it, lists and
`nbkit jobs` say it, and the API shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from nbkit.app.facts import facts_of
from nbkit.graph.validation import read_job
from nbkit.rules.triggers.deciding import seen_so_far
from nbkit.rules.triggers.kinds import decide, triggers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbkit.app.facts import Outside
    from nbkit.graph.model import Job
    from nbkit.ledger.deployed import DeployedJob
    from nbkit.ledger.watching import TriggerMemory, Watches
    from nbkit.rules.triggers.deciding import Decision, Facts, Memory
    from nbkit.rules.triggers.kinds import Trigger


@dataclass(frozen=True, slots=True)
class KnownJob:
    """A deployed job whose settings were read.

    Attributes:
        job: as it is in the ledger.
        read: its settings; None if this version cannot read them.
        triggers: what starts it, and is not paused.
    """

    job: DeployedJob
    read: Job | None
    triggers: tuple[Trigger, ...]

    @classmethod
    def of(cls, job: DeployedJob) -> KnownJob:
        """Read the settings of a job."""
        read = read_job(job.settings)[0]
        return cls(job, read, triggers_of(read) if read else ())


class Remembered(NamedTuple):
    """What a trigger has seen.

    Attributes:
        watch: as the ledger has it.
        memory: what its rules made of that; None for nothing yet.
        since: when the job was deployed, or what starts it was resumed.
    """

    watch: TriggerMemory
    memory: Memory | None
    since: int


class Decided(NamedTuple):
    """What is decided about a trigger, and from which facts."""

    facts: Facts
    decision: Decision


def remembered(
    trigger: Trigger, job: DeployedJob, watches: Watches, watch: TriggerMemory | None = None
) -> Remembered:
    """Return what a trigger has seen; `watch` if that was read already."""
    watch = watch or watches.get(job.job_id, trigger.key)
    return Remembered(watch, *seen_so_far(watch.memory, job.updated_at))


def decided(
    trigger: Trigger,
    job: DeployedJob,
    watches: Watches,
    known: Remembered,
    *,
    now: int,
    jobs: Sequence[DeployedJob] = (),
    seen: Outside | None = None,
) -> Decided:
    """Decide about a trigger; nothing is put on record.

    Args:
        trigger: which.
        job: whose.
        watches: of the ledger.
        known: what it has seen.
        now: the time by the clock of the ledger.
        jobs: all that are deployed, where it may wait for another one.
        seen: what a look outside found, for those that wait for files and tables.

    Raises:
        UsageError: its settings name what is not there.
        ValueError: it cannot be understood; a sentence for people.
    """
    facts = facts_of(trigger, job, watches, now, since=known.since, jobs=jobs, seen=seen or {})
    return Decided(facts, decide(trigger, known.memory, facts))
