"""Runs that somebody asks for and does not wait for: each goes on in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbkit.api.given import texts
from nbkit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def submit(
    document: Mapping[str, Any],
    *,
    idempotency_token: str = "",
    pages: str = "",
    settings: Settings | None = None,
) -> int:
    """Begin a run of a job that only this run has, and return its id at once.

    Args:
        document: settings of the job, as the Jobs API has them; paths lead from the project's
            folder.
        idempotency_token: if such a run has this token, return that one.
        pages: address of pages where it is shown, which its id is appended to; empty for none.
        settings: of the project; by default those of the current folder's project.

    Raises:
        DefinitionError: the job cannot run.
    """
    from nbkit.app import submitting

    settings = settings or Settings.of()
    run_id = submitting.submit(document, settings, token=idempotency_token, pages=pages)
    submitting.begin(run_id, settings)
    return run_id


def begin(run_id: int, *, settings: Settings | None = None) -> None:
    """Have a run that is on record driven by a process of its own, unless one drives it already.

    If that process cannot begin it, the run ends as failed, with what it said.
    """
    from nbkit.app import submitting

    submitting.begin(run_id, settings or Settings.of())


def start_repair(
    run_id: int,
    *,
    tasks: Sequence[str] | None = None,
    rerun_dependents: bool = False,
    parameters: Mapping[str, object] | None = None,
    settings: Settings | None = None,
) -> None:
    """Take a finished or lost run up again, as `repair` does; returns once that is on record.

    Args:
        run_id: which run.
        tasks: rerun these; by default all that failed or did not run.
        rerun_dependents: rerun what depends on them too, even if it succeeded.
        parameters: job parameters to change from now on.
        settings: of the project; by default those of the current folder's project.

    Raises:
        NbkitError: it cannot be repaired, for instance because nothing failed.
    """
    from nbkit.app import submitting

    submitting.start_repair(
        run_id,
        settings or Settings.of(),
        tasks=tasks,
        dependents=rerun_dependents,
        parameters=texts(parameters),
    )
