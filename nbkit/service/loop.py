"""The loop of the service: triggers fire, runs begin; in a thread of its own, or alone.

loop = Loop(settings, tell)
loop.start()          in a server
loop.run()            in a process of its own, until `stop`
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

from nbkit.app.opening import open_ledger
from nbkit.app.serving import serving
from nbkit.app.starting import Starter
from nbkit.app.triggering import Triggers
from nbkit.errors import NbkitError
from nbkit.ledger.database import is_there

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbkit.ledger.store import Ledger
    from nbkit.settings import Settings

_EVERY_SECONDS = 0.5
_AWAY_SECONDS = 2
_log = logging.getLogger(__name__)


class Loop:
    """Fires the triggers of a project's deployed jobs, and begins planned runs.

    Any number of loops may share a ledger. Runs have processes of their own, and go on when the
    loop ends, in whatever way; the next one knows them.

    Args:
        settings: of the project.
        tell: is told what happens, in one line each.
        pages: returns the address of pages where runs are shown, as a server knows it once it
            listens; empty for none.
        at_once: how many runs may have processes on this machine, the others wait; by default
            as many as a run has tasks at once (`[run] parallel`).
    """

    def __init__(
        self,
        settings: Settings,
        tell: Callable[[str], None],
        *,
        pages: Callable[[], str] = str,
        at_once: int | None = None,
    ) -> None:
        self._settings = settings
        self._tell = tell
        self._triggers = Triggers(settings, tell, pages)
        self._starter = Starter(settings, tell, at_once or settings.run.parallel)
        self._stopping = threading.Event()
        self._awake = threading.Event()
        self._thread = threading.Thread(target=self.run, name="nbkit loop", daemon=True)
        self._trouble = ""
        self._away_since = 0.0

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End after the round that goes on; runs are left alone."""
        self._stopping.set()
        self._awake.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def wake(self) -> None:
        """Look at once: something was planned or deployed."""
        self._awake.set()

    def run(self) -> None:
        """Go round until `stop`; while the ledger does not answer, wait for it and say so."""
        with serving(self._settings):
            self._run()
        self._triggers.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not is_there(self._settings.ledger_url):  # nothing was ever deployed or run
                self._rest()
                continue
            try:
                with closing(open_ledger(self._settings)) as ledger:
                    while not self._stopping.is_set():
                        self._round(ledger)
            except NbkitError as error:
                self._away(error)

    def _round(self, ledger: Ledger) -> None:
        try:
            self._triggers.round(ledger)
            self._starter.round(ledger)
        except NbkitError as error:
            self._away(error)
            return
        except Exception:  # noqa: BLE001 - a defect in one job's way is not to stop the others
            _log.exception("nbkit: a round of the service failed; the next one comes")
            self._stopping.wait(_AWAY_SECONDS)
            return
        if self._trouble:
            self._trouble = ""
            away = time.monotonic() - self._away_since
            self._tell(f"the ledger answers again, after {away:.0f} s")
        self._rest()

    def _rest(self) -> None:
        self._awake.wait(_EVERY_SECONDS)
        self._awake.clear()

    def _away(self, error: NbkitError) -> None:
        """Say once that no round can be made, and wait."""
        if not self._trouble:
            self._trouble = str(error).splitlines()[0]
            self._away_since = time.monotonic()
            self._tell(f"{self._trouble} The service waits, and loses nothing.")
        self._stopping.wait(_AWAY_SECONDS)
