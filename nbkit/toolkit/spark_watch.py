"""Tells, while a cell runs, what Spark does for it: to the runner, or to a person's notebook.

One thread looks, about once a second and only while a cell waits for Spark or may use it. What
it finds is never part of the cell's outputs, so that no saved notebook has it.
"""

from __future__ import annotations

import threading
import typing

from nbkit.spark import work_now
from nbkit.toolkit.session import is_classic, session

if typing.TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell
    from pyspark.sql import SparkSession

    from nbkit.wire import SparkWork

_FIRST_SECONDS, _EVERY_SECONDS = 0.5, 1.0
"""A cell that is over sooner than the first look costs nothing."""


class SparkWatch:
    """Looks at what Spark does while a cell runs.

    Args:
        tell: is told what has changed, and at the end of a cell that there is nothing more, in
            whichever thread; it must return soon.
        is_starting: says whether the session is being attached right now.
        seconds: until the first look, and between two.
    """

    def __init__(
        self,
        tell: Callable[[SparkWork], None],
        is_starting: Callable[[], bool],
        seconds: tuple[float, float] = (_FIRST_SECONDS, _EVERY_SECONDS),
    ) -> None:
        self._tell = tell
        self._is_starting = is_starting
        self._first, self._every = seconds
        self._changed = threading.Condition()
        self._cell: object = None
        self._look: Callable[[], SparkWork] | None = None
        self._told = work_now.nothing()
        self._thread: threading.Thread | None = None

    def cell_began(self, cell: object) -> None:
        """Look from now on."""
        with self._changed:
            self._cell = cell
            self._changed.notify_all()

    def cell_ended(self) -> None:
        """Look no more, and take back what was told."""
        with self._changed:
            self._cell = None
            self._say(work_now.nothing())
            self._changed.notify_all()

    def wake(self) -> None:
        """Look from now on at whether the session is being attached."""
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="nbkit-spark-watch", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()

    def look_at(self, look: Callable[[], SparkWork] | None) -> None:
        """Look at a session from now on; None for there is none."""
        with self._changed:
            self._look = look
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._cell and (self._look or self._is_starting()))
                cell = self._cell
                self._stays(cell, self._first)
            while cell is self._cell:
                work = self._now()
                with self._changed:
                    if cell is self._cell:
                        self._say(work)
                    self._stays(cell, self._every)

    def _stays(self, cell: object, seconds: float) -> None:
        """Wait as long as a cell runs, but not longer than so many seconds."""
        self._changed.wait_for(lambda: self._cell is not cell, seconds)

    def _now(self) -> SparkWork:
        if self._is_starting():
            return work_now.starting()
        look = self._look
        try:
            return look() if look else work_now.nothing()
        except Exception:  # noqa: BLE001 - a driver that ends, an odd Spark: then nothing is known
            return work_now.nothing()

    def _say(self, work: SparkWork) -> None:
        if work == self._told:
            return
        self._told = work
        try:
            self._tell(work)
        except Exception:  # noqa: BLE001 - what cannot be shown must not hurt what runs
            self._look = None


def register(shell: InteractiveShell, tell: Callable[[SparkWork], None]) -> None:
    """Watch the cells of a shell.

    Args:
        shell: whose cells.
        tell: is told of each change.
    """
    watch = SparkWatch(tell, lambda: session.attaching)
    outermost: list[ExecutionInfo] = []

    def began(info: ExecutionInfo) -> None:
        if info.store_history or not outermost:  # a notebook that `%run` runs has cells, too
            outermost[:] = [info]
            watch.cell_began(info)

    def ended(result: ExecutionResult) -> None:
        if outermost and result.info is outermost[0]:
            outermost.clear()
            watch.cell_ended()

    def follow(spark: SparkSession | None) -> None:
        watch.look_at(None if spark is None else of_session(spark))

    shell.events.register("pre_run_cell", began)
    shell.events.register("post_run_cell", ended)
    session.on_attach.append(watch.wake)
    session.on_change.append(follow)


def of_session(spark: SparkSession) -> Callable[[], SparkWork]:
    """Return what tells the work of a session, whichever kind it is of."""
    if is_classic(spark):
        made: list[Callable[[], SparkWork]] = []

        def look() -> SparkWork:
            if not made:  # in the thread that looks, for the session's first cell waits already
                made.append(work_now.looker(spark.sparkContext))
            return made[0]()

        return look
    handled = work_now.Handled()
    spark.registerProgressHandler(handled)
    return handled.look
