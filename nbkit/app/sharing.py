"""A team's copies of runs: `[run] store`, a folder or bucket that every machine reaches.

Files are written on the machine that runs, and copied when an attempt and the run have ended:
`STORE/<run_id>/…`, as in the run's own folder. Another machine fetches what it lacks.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from nbkit.errors import SetupError
from nbkit.events import AttemptFinished, Noted
from nbkit.whole_file import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import Any

    from nbkit.app.audience import Begun
    from nbkit.events import Event
    from nbkit.rules.state import RunState
    from nbkit.settings import Settings

_AT_THE_END = ("graph.json", "report.html")
_TRIES = 4


def copies_of(run_id: int, settings: Settings) -> Any:
    """Return where the copies of a run are, as a `upath.UPath`.

    Raises:
        SetupError: `[run] store` is nothing that files can be copied to.
    """
    from upath import UPath

    store = settings.run.store
    try:
        place = UPath(store) if "://" in store else UPath(settings.root / store)
        return place / str(run_id)
    except (ImportError, ValueError) as error:
        advice = "See `[run] store` in nbkit.toml; s3:// needs pip install 'nbkit[s3]'."
        raise SetupError(f"The store {store} cannot be used: {error}", advice) from error


class Copier:
    """Copies the files of one run as they come to be.

    Args:
        begun: the run.
        note: is told of what could not be copied.
    """

    def __init__(self, begun: Begun, note: Callable[[str], None]) -> None:
        self._begun = begun
        self._note = note
        self._place = copies_of(begun.run_id, begun.settings)
        self._hands = ThreadPoolExecutor(1, thread_name_prefix="nbkit copy")
        self._lock = threading.Lock()

    def on_event(self, event: Event, _state: RunState) -> None:
        """Copy the output notebook of an attempt that has ended; returns at once."""
        if isinstance(event, AttemptFinished) and event.output_notebook:
            self._hands.submit(self._copy, self._begun.settings.root / event.output_notebook)

    def close(self) -> None:
        """Copy what is written last, and wait until all is copied."""
        for name in _AT_THE_END:
            self._hands.submit(self._copy, self._begun.directory / name)
        self._hands.shutdown(wait=True)

    def _copy(self, file: Path) -> None:
        from tenacity import Retrying, stop_after_attempt, wait_exponential

        folder = self._begun.directory
        if not file.is_file() or not file.is_relative_to(folder):
            return
        trying = Retrying(stop=stop_after_attempt(_TRIES), wait=wait_exponential(0.2), reraise=True)
        to = self._place / file.relative_to(folder).as_posix()
        try:
            trying(_put, to, file.read_bytes())
        except Exception as error:  # noqa: BLE001 - whatever a file system of any kind raises
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            self._note(f"{file.relative_to(folder)} was not copied to the store: {reason}")


@contextmanager
def copying(begun: Begun, note: Callable[[Noted], None], now: Callable[[], int]) -> Iterator[Any]:
    """Copy a run's files, if the project has a store; yields who is to hear of its events.

    Raises:
        SetupError: the store cannot be used.
    """
    if not begun.settings.run.store:
        yield None
        return
    copier = Copier(begun, lambda text: note(Noted(now(), text)))
    try:
        yield copier.on_event
    finally:
        copier.close()


def as_here(events: Iterable[Event], run_id: int, settings: Settings) -> list[Event]:
    """Return a run's events with its output notebooks where `fetch` puts them.

    A machine on which they were written may have another folder of runs.
    """
    folder = PurePath(settings.run.directory, str(run_id))

    def here(event: Event) -> Event:
        if not isinstance(event, AttemptFinished) or not event.output_notebook:
            return event
        written = PurePath(event.output_notebook)
        if written.is_relative_to(folder) or str(run_id) not in written.parts:
            return event
        rest = written.parts[written.parts.index(str(run_id)) + 1 :]
        return replace(event, output_notebook=folder.joinpath(*rest).as_posix())

    return [here(event) for event in events]


def fetch(run_id: int, settings: Settings) -> None:
    """Bring the files of a run here that only the store has.

    Raises:
        SetupError: the store cannot be read.
    """
    if not settings.run.store:
        return
    place, folder = copies_of(run_id, settings), settings.runs_directory / str(run_id)
    try:
        for file in place.rglob("*") if place.exists() else ():
            here = folder / str(file.relative_to(place))
            if file.is_file() and not here.exists():
                write_atomically(here, file.read_bytes())
    except Exception as error:
        message = f"The store {settings.run.store} cannot be read: {type(error).__name__}: {error}"
        raise SetupError(message, "See `[run] store` in nbkit.toml.") from error


def remove(run_id: int, settings: Settings) -> None:
    """Remove the copies of a run, if there are any.

    Raises:
        SetupError: the store cannot be changed.
    """
    place = copies_of(run_id, settings)
    try:
        if place.exists():
            place.fs.rm(place.path, recursive=True)
    except Exception as error:
        message = f"The store {settings.run.store} cannot be changed: {error}"
        raise SetupError(message, "See `[run] store` in nbkit.toml.") from error


def _put(to: Any, data: bytes) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(data)
