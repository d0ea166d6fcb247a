"""Old runs: which there are, and their removal from the ledger, this machine and the store."""

from __future__ import annotations

import re
import shutil
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from nbkit.app import sharing
from nbkit.app.located import in_project
from nbkit.app.opening import open_ledger
from nbkit.errors import UsageError
from nbkit.ledger.database import shown

if TYPE_CHECKING:
    from nbkit.ledger.reader import RunSummary
    from nbkit.settings import Settings

_UNITS = {"h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_ALL = 2**31 - 1


def age(text: str) -> int:
    """Return an age such as `90d` (also h, w) in milliseconds.

    Raises:
        UsageError: it is none.
    """
    found = re.fullmatch(r"(\d{1,6})([hdw])", text.strip())
    if not found:
        raise UsageError(f"--keep {text}: an age is a number with h, d or w, such as 90d")
    return int(found[1]) * _UNITS[found[2]]


def old_runs(settings: Settings, keep: int) -> list[RunSummary]:
    """Return the runs that ended, or were lost, more than `keep` milliseconds ago, oldest first.

    What goes on or is planned is not among them, however old it is, nor are runs of another
    project that has the same ledger.
    """
    with closing(open_ledger(settings)) as ledger:
        before = ledger.clock.now() - keep
        found = ledger.runs(limit=_ALL)
        live = ledger.live_runs()
        roots = ledger.roots()
    over = (run for run in found if run.run_id not in live and not _awaited(run))
    old = (run for run in over if _last(run) < before)
    ours = (run for run in old if _is_ours(run, roots.get(run.run_id, ""), settings.root))
    return sorted(ours, key=lambda run: run.run_id)


def _is_ours(run: RunSummary, root: str, here: Path) -> bool:
    """Tell whether a run is of this project: of this folder, or of a copy on another machine.

    A folder that is on this machine too is another project, or another copy of this one, which
    has its own files of its runs. Of one that is not, the job's file is to be here.
    """
    if root in {"", str(here)}:
        return True
    return not Path(root).is_dir() and in_project(run.source, root, here) != run.source


def places(settings: Settings) -> str:
    """Return in words where runs are kept."""
    run = settings.run
    ledger = f"the ledger {shown(run.ledger)}" if run.ledger else "the ledger"
    first = [ledger, f"{run.directory}/"] if run.store else [ledger]
    return f"{', '.join(first)} and {run.store or f'{run.directory}/'}"


def remove(run_id: int, settings: Settings) -> bool:
    """Remove a run and all its files, here and in the store; return whether it was there to remove.

    Files go first: what is stopped half-way can be done again.
    """
    with closing(open_ledger(settings)) as ledger:
        try:
            ledger.claim(run_id)
        except UsageError:  # somebody repairs it just now, or removed it
            return False
        shutil.rmtree(settings.runs_directory / str(run_id), ignore_errors=True)
        if settings.run.store:
            sharing.remove(run_id, settings)
        ledger.forget(run_id)
    return True


def _awaited(run: RunSummary) -> bool:
    return run.planned and run.state != "TERMINATED"


def _last(run: RunSummary) -> int:
    times = [run.created_at, run.finished_at or 0]
    times += [episode.finished_at or episode.started_at for episode in run.episodes]
    return max(times)
