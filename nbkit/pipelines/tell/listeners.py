"""Listeners of an update: the run's record hears of it, and a person sees it."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING, Any

from nbkit import serving as attempt
from nbkit.pipelines.tell.shown import progress_shown
from nbkit.toolkit.say import say

if TYPE_CHECKING:
    from nbkit.pipelines.refresh.progress import DatasetProgress


def to_record(each: DatasetProgress) -> None:
    """Send what becomes of a dataset to the run's record; silent where no job runs it."""
    if each.planned is not None:  # how it was refreshed is said at the end
        return
    say(
        {
            "kind": "dataset",
            "id": each.name,
            "type": each.kind,
            "state": each.state,
            "message": each.message,
            "rows": each.rows,
            "dropped": each.dropped,
            "quarantined": each.quarantined,
            "started_at": each.started_at,
            "ended_at": each.ended_at,
        }
    )
    for outcome in each.outcomes:
        if outcome.results:
            say(
                {
                    "kind": "expectations",
                    "id": f"{each.name}/{outcome.dataset}",
                    "dataset": outcome.dataset,
                    "rows": outcome.rows,
                    "at": each.ended_at,
                    "results": [result.as_wire() for result in outcome.results],
                }
            )


class ProgressTable:
    """Shows an update in a notebook while it goes on, and how it ended.

    Attributes:
        progress: the last word on each dataset.
    """

    _PAUSE_SECONDS = 0.2
    _TICK_SECONDS = 1.0

    def __init__(self) -> None:
        self.progress: dict[str, DatasetProgress] = {}
        self._id = uuid.uuid4().hex
        self._handle: Any = None
        self._lock = threading.Lock()
        self._soon: threading.Timer | None = None

    def __call__(self, each: DatasetProgress) -> None:
        """Take note of a dataset, and show all of them again soon; in a job only at the end."""
        with self._lock:
            self.progress[each.key] = each
            if attempt.current() is not None:
                return
            if self._handle is None:
                self._draw()
                self._soon = self._later(self._TICK_SECONDS)
            elif self._soon is None or self._soon.interval == self._TICK_SECONDS:
                self._forget()
                self._soon = self._later(self._PAUSE_SECONDS)

    def show(self) -> None:
        """Show every dataset as it is now; the last word, as nothing goes on any more."""
        with self._lock:
            self._forget()
            self._draw()

    def _tick(self) -> None:
        with self._lock:
            if threading.current_thread() is self._soon:
                self._draw()
                self._soon = self._later(self._TICK_SECONDS)

    def _later(self, seconds: float) -> threading.Timer:
        """Show the table again after a pause: seconds pass where nothing else does."""
        timer = threading.Timer(seconds, self._tick)
        timer.daemon = True
        timer.start()
        return timer

    def _forget(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None

    def _draw(self) -> None:
        from IPython.display import display

        table = progress_shown(self.progress.values())
        if self._handle is None:
            self._handle = display(table, display_id=self._id)
        else:
            self._handle.update(table)
