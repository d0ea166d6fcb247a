"""Runs that make up for a range of time: one for each window, `backfill.…` is its start."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

from nbkit.app.creators import user
from nbkit.app.going import document_of
from nbkit.app.opening import open_ledger
from nbkit.app.running import start_of_run
from nbkit.app.starting import Starter
from nbkit.durations import duration
from nbkit.errors import DefinitionError, Problem, UsageError
from nbkit.events import RunPlanned
from nbkit.rules.references import BACKFILL, NoValueError, Scope, resolve_all
from nbkit.rules.state import RunState
from nbkit.rules.task_runs import numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from nbkit.app.definition import Definition
    from nbkit.settings import Settings

MOST_RUNS = 10_000
_LOOK_EVERY_SECONDS = 0.3


def length(text: str) -> timedelta:
    """Return the length of a window: `1d`, `6h`, `15m`, or in words such as `1 day`.

    Raises:
        UsageError: it is none.
    """
    units = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
    short = text.strip()
    try:
        if short[:-1].isdecimal() and short[-1:] in units:
            return duration(f"{short[:-1]} {units[short[-1]]}")
        return duration(short)
    except ValueError as error:
        raise UsageError(f"--every {text}: {error}, or shortly 1d, 6h, 15m") from None


def windows(start: datetime, end: datetime, every: timedelta) -> list[datetime]:
    """Return the starts of the windows from `start` to before `end`.

    Raises:
        UsageError: there are none, or too many.
    """
    if not every:
        raise UsageError("--every must be longer than nothing")
    if start >= end:
        raise UsageError("there is no time between --from and --to")
    count = -((start - end) // every)
    if count > MOST_RUNS:
        raise UsageError(f"that would be {count:,} runs; at most {MOST_RUNS:,} are begun at once")
    return [start + number * every for number in range(count)]


def plan_backfill(
    definition: Definition,
    settings: Settings,
    starts: list[datetime],
    *,
    parameters: Mapping[str, str] | None = None,
) -> list[int]:
    """Put a run for each window on record, all of them or none, and return their ids.

    Args:
        definition: the job.
        settings: of the project.
        starts: of the windows.
        parameters: job parameters; `{{backfill.iso_date}}` and the like in them are filled in.

    Raises:
        NbkitError: the runs could never begin.
    """
    with closing(open_ledger(settings)) as ledger:
        at = ledger.clock.now()
        planned = []
        for moment in starts:
            info = {BACKFILL: int(moment.timestamp() * 1000)}
            given = _filled(definition, dict(parameters or {}), info, at)
            start = start_of_run(definition, settings, at, parameters=given, trigger_info=info)
            planned.append(
                RunPlanned(
                    at=at,
                    run_id=0,
                    job_id=start.job_id,
                    run_name=start.run_name,
                    parameters=given,
                    creator=user(),
                    task_runs=numbered(definition.graph.keys),
                    trigger_info=info,
                )
            )
        document, root = document_of(definition), str(settings.root)
        return ledger.plan_all(planned, document, definition.source, root=root)


def drive_backfill(run_ids: list[int], settings: Settings, tell: Callable[[str], None]) -> None:
    """Have runs driven, each in a process of its own, until all are over.

    Ended before, it leaves those that go on alone, and the others to the service or a node.
    """
    starter = Starter(settings, tell, settings.run.parallel, only=frozenset(run_ids))
    left = list(run_ids)
    with closing(open_ledger(settings)) as ledger:
        while left:
            starter.round(ledger)
            left = [each for each in left if not ledger.ended(each)]
            if left:
                time.sleep(_LOOK_EVERY_SECONDS)


def _filled(
    definition: Definition, given: dict[str, str], info: Mapping[str, int], at: int
) -> dict[str, str]:
    state = RunState(run_name=definition.graph.job.name, started_at=at, trigger_info=dict(info))
    try:
        return dict(resolve_all(given, Scope(definition.graph, state)))
    except NoValueError as error:
        raise DefinitionError((Problem("parameters", str(error)),), definition.source) from None
