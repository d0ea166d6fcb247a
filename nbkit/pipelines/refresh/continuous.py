"""Continuous mode: one update whose rounds go on until somebody stops it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from nbkit.durations import duration
from nbkit.errors import DefinitionError, Problem
from nbkit.pipelines.refresh.progress import OVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbkit.pipelines.refresh.progress import DatasetProgress
    from nbkit.pipelines.refresh.update import Listener

INTERVAL = "pipelines.trigger.interval"
"""Setting of the pause between two rounds."""


def seconds_of(interval: str) -> float:
    """Return an interval such as `10 seconds` or `1 minute` in seconds.

    Raises:
        DefinitionError: it is none.
    """
    try:
        return duration(interval.strip().strip("'\"")).total_seconds()
    except ValueError as error:
        raise DefinitionError((Problem(INTERVAL, str(error)),), "configuration") from None


class Rounds:
    """Passes on to listeners what changes from round to round, and nothing else.

    Args:
        listeners: hear of the first round whole, and of later ones what was written or failed.
    """

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = listeners
        self._known: dict[str, DatasetProgress] = {}
        self._first = True

    def __call__(self, said: DatasetProgress) -> None:
        """Hear of a dataset."""
        nothing = said.state == "COMPLETED" and (said.how == "unchanged" or said.rows == 0)
        if self._first or not (said.state in {"QUEUED", "RUNNING", "EXCLUDED"} or nothing):
            self._tell(said)

    def pause(self, seconds: float) -> None:
        """Wait for the next round."""
        self._first = False
        time.sleep(seconds)

    def stopped(self) -> dict[str, DatasetProgress]:
        """Say, and return, of what was up to date that nobody keeps it so any more."""
        now = int(time.time() * 1000)
        for said in list(self._known.values()):
            if said.state not in OVER - {"COMPLETED"}:
                message = "it was kept up to date until the pipeline was stopped"
                self._tell(replace(said, state="STOPPED", message=message, ended_at=now))
        return self._known

    def _tell(self, said: DatasetProgress) -> None:
        self._known[said.key] = said
        for listener in self._listeners:
            listener(said)
