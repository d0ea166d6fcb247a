"""Writes have names, so that a retry finds what an earlier try has committed already.

Delta notes in a commit which application made it, and as its which (`txnAppId`, `txnVersion`).
The application is here: which rows (`plan_identity`), to which tables, under which rules, and

* in a job, for which task of which run. The n-th such write of an attempt is the n-th of the
  attempt before it: it is not done again;
* by hand, for which call. A call that did not come to its end (an error, a kernel that was killed)
  leaves a note of its name; the next one that would write the same takes the name over.

The notes are small files in the project's folder of state. A write whose plan does not tell its
rows has a name of its own each time, and a note of it: a retry finds the tries before it, and asks
the rows that these have committed (`same_rows`). Nothing is left out because it looks like another.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from nbkit import serving as attempt
from nbkit.quality.plan_identity import identity
from nbkit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pyspark.sql import DataFrame

GoneAfter = Literal["nothing", "whole", "anything"]
_OLD_SECONDS = 30 * 86_400


@dataclass(slots=True)
class Writing:
    """One write by its name.

    Attributes:
        application: what writes, as Delta has it.
        number: as its which.
        retried: whether there may have been a try before.
        gone_after: what makes rows of that try be gone again: `nothing` but their removal from the
            log, what empties the table `whole`, or `anything` that may remove rows.
        done: set when all of it is there: the name is not used again.
        untouched: whether nothing is committed.
        former: names of tries whose good rows are gone again.
        again: whether an earlier try had committed all rows.
        earlier: names of tries that may have committed these rows, or others.
    """

    application: str
    number: int = 1
    retried: bool = False
    gone_after: GoneAfter = "anything"
    done: bool = False
    untouched: bool = False
    former: list[str] = field(default_factory=list)
    again: bool = False
    earlier: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The whole name."""
        return f"{self.application}/{self.number}"

    @property
    def options(self) -> dict[str, str]:
        """What Delta's writer is told, so that it writes once."""
        return {"txnAppId": self.application, "txnVersion": str(self.number)}


@contextmanager
def writing(df: DataFrame, once: str, *what: str) -> Iterator[Writing]:
    """Name a write for as long as it lasts.

    Args:
        df: the rows.
        once: the author's own name for it; empty for none.
        what: tables, rules and whatever else belongs to it.
    """
    if once:
        application = f"nbkit-once-{_digest(once, *what[:1])}"
        yield Writing(application, retried=True, gone_after="whole")
        return
    rows = identity(df)
    context = attempt.current()
    if context is None or not context["run_id"]:
        with _note(_digest(rows or "untold", *what)) as note:
            yield from _by_hand(note) if rows else _untold(note, "")
        return
    task = (context["run_id"], context["task_key"], context.get("iteration"))
    application = _digest(rows or "untold", *what, *map(str, task))
    if rows:
        yield from _in_a_job(application, str(context["task_run_id"]))
        return
    with _note(application, wait=True) as note:
        yield from _untold(note, str(context["task_run_id"]))


@contextmanager
def anew() -> Iterator[Writing]:
    """Name a write that is no retry of any other."""
    yield Writing(f"nbkit-{uuid.uuid4()}")


def _by_hand(note: _Note | None) -> Iterator[Writing]:
    if note is None:  # somebody else is writing the same just now
        with anew() as made:
            yield made
        return
    left = note.read().get("application")
    made = Writing(left or f"nbkit-{uuid.uuid4()}", retried=left is not None)
    note.write({"application": made.application})
    try:
        yield made
    finally:
        if made.done or made.untouched:
            note.forget()


def _in_a_job(application: str, attempted: str) -> Iterator[Writing]:
    with _note(application, wait=True) as note:
        assert note is not None
        counts = note.read()
        number = int(counts.get(attempted, 0)) + 1
        note.write(counts | {attempted: number})
    made = Writing(f"nbkit-{application}", number, retried=True)
    try:
        yield made
    finally:
        if not made.done:
            with _note(application, wait=True) as note:
                assert note is not None
                counts = note.read()
                note.write(counts | {attempted: max(0, int(counts.get(attempted, number)) - 1)})


def _untold(note: _Note | None, attempted: str) -> Iterator[Writing]:
    """Name a write by nothing, and say which tries may have written the same before it.

    A note has for each attempt the names of its writes; by hand, only of those without an end.
    """
    made = Writing(f"nbkit-{uuid.uuid4()}")
    if note is None:  # somebody else is writing just now
        yield made
        return
    before = note.read()
    own = list(before.get(attempted, ()))
    others = (name for by, names in before.items() if by != attempted for name in names)
    made.earlier = tuple(name for name in others if name not in own) if attempted else tuple(own)
    mine = made.application
    note.write({**before, attempted: [*own, mine]})
    try:
        yield made
    finally:
        if made.untouched and not made.again:
            note.write(before)
        elif attempted:
            note.write({**before, attempted: [*own, made.application]})
        elif made.done:
            note.forget()


class _Note:
    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    def read(self) -> dict[str, Any]:
        try:
            found = json.loads(os.pread(self._descriptor, 1_000_000, 0) or b"{}")
        except ValueError:  # killed while writing it: nothing was committed before
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, content: dict[str, Any]) -> None:
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(content).encode(), 0)
        os.fsync(self._descriptor)

    def forget(self) -> None:
        self._path.unlink(missing_ok=True)


@contextmanager
def _note(name: str, *, wait: bool = False) -> Iterator[_Note | None]:
    """Hold the note of a name; None if another process or thread holds it."""
    folder = Settings.of().state_directory / "writes"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            yield None
            return
        if _is_there(path, descriptor):
            break
        os.close(descriptor)  # forgotten by its holder in the meantime
    try:
        _forget_old(folder)
        yield _Note(path, descriptor)
    finally:
        os.close(descriptor)


def _is_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _forget_old(folder: Path) -> None:
    before = time.time() - _OLD_SECONDS
    for each in folder.glob("*.json"):
        if each.stat().st_mtime < before:
            each.unlink(missing_ok=True)


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
