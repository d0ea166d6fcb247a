"""The ledger of a project, opened by who may drive runs in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbkit.ledger.store import Ledger

if TYPE_CHECKING:
    from nbkit.settings import Settings


def open_ledger(settings: Settings) -> Ledger:
    """Return the project's ledger; whoever opens it closes it.

    Raises:
        SetupError: it cannot be used.
    """
    run = settings.run
    home = settings.runs_directory
    return Ledger(settings.ledger_url, home=home, lease_seconds=run.lease_seconds)
