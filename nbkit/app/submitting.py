"""Runs that a client asks for: on record at once, then begun by a process of their own."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from nbkit.app.child_jobs import wrong_children
from nbkit.app.definition import of_record, read
from nbkit.app.history import give_up
from nbkit.app.launching import launch_repair, launch_waiting
from nbkit.app.located import STREAM
from nbkit.app.opening import open_ledger
from nbkit.app.planning import plan
from nbkit.errors import DefinitionError, NbkitError, UsageError
from nbkit.events import RunFinished, RunRepaired, RunStarted
from nbkit.on_disk import address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbkit.app.launching import Launched
    from nbkit.ledger.store import Ledger
    from nbkit.settings import Settings

_SIDE_BY_SIDE = 1000
_LOOK_EVERY_SECONDS = 0.05
_LONGEST_TURN_SECONDS = 15
"""A repair that waits for its turn, as others of its job go on, is answered after this."""


def submit(
    document: Mapping[str, Any], settings: Settings, *, token: str = "", pages: str = ""
) -> int:
    """Put a run of a job that only this run has on record, and return its id.

    Its paths lead from the project's folder. Any number of such runs may go on at once.

    Args:
        document: settings of the job, as the Jobs API has them.
        settings: of the project.
        token: the same token is the same run.
        pages: address of pages where it is shown; see `plan`.

    Raises:
        DefinitionError: the job cannot run.
    """
    given = {"max_concurrent_runs": _SIDE_BY_SIDE, **document}
    source = address(settings.root / STREAM)
    definition = of_record(json.dumps(given), source)
    assert definition is not None
    definition = replace(definition, job_key=None)
    if wrong := wrong_children(definition, partial(read)):
        raise DefinitionError(tuple(wrong), "the run")
    return plan(definition, settings, token=token, pages=pages, begun_here=True)


def begin(run_id: int, settings: Settings) -> None:
    """Have a run that is on record driven by a process of its own, unless one drives it already.

    If that process cannot begin it, the run ends as failed, with what it said.
    """
    with closing(open_ledger(settings)) as ledger:
        if _has_begun(run_id, ledger):
            return
    launched = launch_waiting(run_id, settings)
    watcher = threading.Thread(
        target=_mind, args=(launched, run_id, settings), name=f"nbkit-run-{run_id}", daemon=True
    )
    watcher.start()


def _mind(launched: Launched, run_id: int, settings: Settings) -> None:
    launched.process.wait()
    why = launched.complaint()
    launched.said.close()
    if not why:
        return
    with suppress(NbkitError), closing(open_ledger(settings)) as ledger:
        if _has_begun(run_id, ledger):
            return
        ledger.claim(run_id)  # refused if another process took it meanwhile
        give_up(run_id, ledger, why)


def _has_begun(run_id: int, ledger: Ledger) -> bool:
    if ledger.is_live(run_id):
        return True
    return any(isinstance(event, RunStarted | RunFinished) for event in ledger.read(run_id))


def start_repair(
    run_id: int,
    settings: Settings,
    *,
    tasks: Sequence[str] | None = None,
    dependents: bool = False,
    parameters: Mapping[str, str] | None = None,
) -> None:
    """Take a run up again in a process of its own; returns once that is on record.

    Args:
        run_id: which run.
        settings: of the project.
        tasks: rerun these; by default all that failed or did not run.
        dependents: rerun what depends on them too, even if it succeeded.
        parameters: job parameters to change from now on.

    Raises:
        RunNotFoundError: there is no such run.
        UsageError: it cannot be repaired; the message says why.
    """
    with closing(open_ledger(settings)) as ledger:
        recorded = ledger.events_after(run_id, 0)
        last = recorded[-1].seq if recorded else 0
        launched = launch_repair(
            run_id, settings, parameters=parameters or {}, tasks=tasks, dependents=dependents
        )
        until = time.monotonic() + _LONGEST_TURN_SECONDS
        while True:
            over = launched.over
            later = ledger.events_after(run_id, last)
            if any(isinstance(each.event, RunRepaired) for each in later):
                return
            if over:
                raise UsageError(launched.complaint() or "the process of the repair ended at once")
            if time.monotonic() > until and ledger.is_live(run_id):
                return
            time.sleep(_LOOK_EVERY_SECONDS)
